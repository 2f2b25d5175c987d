import path from 'node:path'
import { users } from '../contracts/users.ts'
import type { HealthCheck } from '../gateway/health.ts'
import type { GatewayTables } from '../gateway/idempotency/tables.ts'
import { createGateway } from '../gateway/index.ts'
import { createSockets } from '../gateway/sockets/index.ts'
import { createStatus } from '../gateway/status.ts'
import type { Bus } from '../kit/bus.ts'
import { createClients } from '../kit/call.ts'
import type { Store } from '../kit/db/store.ts'
import type { Logger } from '../kit/log.ts'
import type { Metrics } from '../kit/metrics.ts'
import type { RedisConfig } from '../kit/redis/config.ts'
import type { Tracing } from '../kit/tracing/tracing.ts'
import type { Config } from './config.ts'
import { published } from './contracts.ts'
import { readVersion, root } from './version.ts'

export type DoorOptions = {
  config: Config
  bus: Bus
  healthChecks: Readonly<Record<string, HealthCheck>>
  log: Logger
  metrics: Metrics
  tracing: Tracing | undefined
}

/** What a process answers to over HTTP. */
export type Door = {
  /** Accepts requests; answers with the address. */
  listen(): Promise<string>
  /** Lets what is under way finish, and nothing new begin. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** The public door: HTTP and sockets, for everything that the contracts name. */
export async function openGateway(
  options: DoorOptions & {
    settings: NonNullable<Config['door']>
    store: Store<GatewayTables>
  },
): Promise<Door> {
  const { config, settings, bus, log, metrics, tracing } = options
  const memory = await openMemory(settings.redis, { log, metrics })
  const gateway = await createGateway({
    contracts: published,
    bus,
    store: options.store,
    config: settings.gateway,
    log,
    metrics,
    version: readVersion(),
    healthChecks: options.healthChecks,
    dataFolder: diskOf(config),
    webFolder: path.join(root, 'dist/web'),
    windows: memory?.windows,
    tracing,
  })
  const { app, origins, sessions, readClient } = gateway
  const sockets = await createSockets({
    server: app.server,
    contracts: published,
    bus,
    sessions,
    presence: createClients(bus, 'gateway', { users }).users,
    config: settings.sockets,
    alone: !config.apart,
    origins,
    readClient,
    log,
    metrics,
    tracing,
  })
  return {
    listen: gateway.listen,
    async drain() {
      await Promise.all([gateway.drain(), sockets.drain()])
    },
    async close() {
      await sockets.close()
      await gateway.close()
      memory?.close()
    },
  }
}

/** What gateways count together, where there is a Redis to do it in. */
async function openMemory(
  { REDIS_URL: url, REDIS_PREFIX }: RedisConfig,
  { log, metrics }: Pick<DoorOptions, 'log' | 'metrics'>,
) {
  if (!url) return undefined
  const [{ openSharedMemory }, { createSharedWindows }] = await Promise.all([
    import('../kit/redis/redis.ts'),
    import('../kit/redis/windows.ts'),
  ])
  const memory = openSharedMemory({ url, log, metrics })
  return { windows: createSharedWindows(memory, REDIS_PREFIX), close: memory.close }
}

/** What a process without the public door answers: how it is, and what it counts. */
export async function openStatus(options: DoorOptions): Promise<Door> {
  const { config, bus, healthChecks, log, metrics } = options
  const status = await createStatus({
    checks: healthChecks,
    contracts: published.filter(({ service }) => config.parts.has(service)),
    name: 'Stoa',
    version: readVersion(),
    isReady: bus.ready,
    dataFolder: diskOf(config),
    config: config.status,
    log,
    metrics,
  })
  return { ...status, drain: async () => status.drain() }
}

/** The disk that must not run full: that of the databases, where they are on this machine. */
function diskOf({ database, dataFolder }: Config): string {
  return database.DATABASE_URL ? '.' : dataFolder
}
