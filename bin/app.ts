import { accounts } from '../contracts/accounts.ts'
import type { GatewayTables } from '../gateway/idempotency/tables.ts'
import type { Bus } from '../kit/bus.ts'
import { createClients } from '../kit/call.ts'
import type { Environment } from '../kit/config.ts'
import { startCall } from '../kit/context.ts'
import { hostService, type RunningService } from '../kit/host.ts'
import { createLog } from '../kit/log.ts'
import { createMetrics } from '../kit/metrics.ts'
import { openBus } from './bus.ts'
import { type Config, readAllConfig } from './config.ts'
import { lockAlone, openDatabases, openStores, refuseUnmigrated } from './databases.ts'
import { openGateway, openStatus } from './door.ts'
import { services } from './services.ts'
import { openTracing } from './tracing.ts'

export type App = AsyncDisposable & {
  /** Where it is reached. */
  url: string
  /** Where the first admin is made, while there is none. */
  setupUrl: string | undefined
}

/**
 * The parts of the product that are named, or all of them, in this process: databases, bus,
 * services, and the door in front. Disposing of it lets what is under way finish first.
 */
export async function start(environment: Environment, names: readonly string[] = []): Promise<App> {
  const config = readAllConfig(environment, names)
  const { parts, apart } = config
  const log = createLog(config.logLevel)
  const metrics = createMetrics()
  await using undo = new AsyncDisposableStack()

  const tracing = await openTracing(config, log)
  if (tracing) undo.defer(() => tracing.close())
  const databases = undo.use(await openDatabases(await openStores(config, tracing), parts, log))
  if (apart) await refuseUnmigrated(databases)
  else if (config.database.DATABASE_URL) undo.use(await lockAlone(databases, log))
  const bus = await openBus(config, { log, metrics, tracing })

  const running: RunningService[] = []
  undo.defer(async () => {
    for (const service of running) await service.stop()
  })
  undo.defer(() => bus.close())
  const hosted = services.filter(({ contract }) => parts.has(contract.service))
  // Side by side: on a broker, each joins groups of readers, and that takes a moment.
  await Promise.all(
    hosted.map(async (definition) => {
      const name: string = definition.contract.service
      const settings = config.services[name] ?? {}
      const store = databases.get(name)
      running.push(await hostService(definition, { bus, store, config: settings, log, metrics }))
    }),
  )

  const healthChecks = { database: databases.check, ...(apart && { bus: checkOf(bus) }) }
  const options = { config, bus, healthChecks, log, metrics, tracing }
  const door = config.door
    ? await openGateway({
        ...options,
        settings: config.door,
        store: databases.get<GatewayTables>('gateway'),
      })
    : await openStatus(options)
  undo.defer(() => door.close())

  for (const service of running) await service.start()
  const { port } = new URL(await door.listen())
  const url = (config.door && environment.PUBLIC_URL) || `http://localhost:${port}`
  const setupUrl = apart ? undefined : await findSetupUrl(bus, url, config)

  const rest = undo.move()
  return {
    url,
    setupUrl,
    async [Symbol.asyncDispose]() {
      await door.drain()
      await rest.disposeAsync()
    },
  }
}

function checkOf(bus: Bus) {
  return async () => {
    if (!bus.ready()) throw new Error('The bus cannot be reached')
    return {}
  }
}

async function findSetupUrl(bus: Bus, url: string, config: Config): Promise<string | undefined> {
  const clients = createClients(bus, 'gateway', { accounts })
  const { needed } = await clients.accounts.getSetup({}, startCall('gateway'))
  return needed ? `${url}/setup#code=${config.services.accounts?.SETUP_CODE}` : undefined
}
