import fs from 'node:fs'
import { findPackageJSON } from 'node:module'
import path from 'node:path'
import { accounts } from '../contracts/accounts.ts'
import { users } from '../contracts/users.ts'
import type { GatewayTables } from '../gateway/idempotency/tables.ts'
import { createGateway } from '../gateway/index.ts'
import { createSockets } from '../gateway/sockets/index.ts'
import { createClients } from '../kit/call.ts'
import { startCall } from '../kit/context.ts'
import { createSqliteStores, type Store } from '../kit/db/store.ts'
import { hostService, type RunningService } from '../kit/host.ts'
import { createLocalBus } from '../kit/local-bus.ts'
import { createLog } from '../kit/log.ts'
import { createMetrics } from '../kit/metrics.ts'
import { readAllConfig } from './config.ts'
import { published } from './contracts.ts'
import { services } from './services.ts'

export type App = AsyncDisposable & {
  /** Where it listens. */
  url: string
  /** Where the first admin is made, while there is none. */
  setupUrl: string | undefined
}

/** The same for the sources and for the bundle that is made of them. */
const manifest = findPackageJSON(import.meta.url) ?? ''
const root = path.dirname(manifest)

/**
 * The whole product in this process: every service on its own SQLite file, joined by the local
 * bus, behind one gateway. Disposing of it lets what is under way finish first.
 */
export async function start(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<App> {
  const config = readAllConfig(environment)
  const { version } = JSON.parse(fs.readFileSync(manifest, 'utf8'))
  const log = createLog(config.logLevel)
  const metrics = createMetrics()
  await using undo = new AsyncDisposableStack()
  const stores = createSqliteStores(config.dataFolder)
  undo.defer(() => stores.close())
  const bus = createLocalBus({ log, metrics })

  const opened: Store<unknown>[] = []
  async function open<Tables>(name: string): Promise<Store<Tables>> {
    const store = await stores.open<Tables>(name)
    undo.defer(() => store.close())
    opened.push(store as Store<unknown>)
    return store
  }

  const running: RunningService[] = []
  for (const definition of services) {
    const name: string = definition.contract.service
    const store = await open(name)
    const settings = config.services[name] ?? {}
    running.push(await hostService(definition, { bus, store, config: settings, log, metrics }))
  }
  undo.defer(async () => {
    for (const service of running) await service.stop()
  })
  undo.defer(() => bus.close())

  const clients = createClients(bus, 'gateway', { users, accounts })
  const gateway = await createGateway({
    contracts: published,
    bus,
    store: await open<GatewayTables>('gateway'),
    config: config.gateway,
    log,
    metrics,
    version,
    healthChecks: {
      async database() {
        for (const store of opened) {
          const failure = store.failure()
          if (failure) throw failure
        }
        return {}
      },
    },
    dataFolder: config.dataFolder,
    webFolder: path.join(root, 'dist/web'),
  })
  undo.defer(() => gateway.close())
  const { origins, sessions, readClient } = gateway
  const sockets = await createSockets({
    server: gateway.app.server,
    contracts: published,
    bus,
    sessions,
    presence: clients.users,
    config: config.sockets,
    alone: true,
    origins,
    readClient,
    log,
    metrics,
  })
  undo.defer(() => sockets.close())

  for (const service of running) await service.start()
  const address = await gateway.listen()
  const url = environment.PUBLIC_URL || `http://localhost:${new URL(address).port}`
  const { needed } = await clients.accounts.getSetup({}, startCall('gateway'))
  const code = config.services.accounts?.SETUP_CODE

  const rest = undo.move()
  return {
    url,
    setupUrl: needed ? `${url}/setup#code=${code}` : undefined,
    async [Symbol.asyncDispose]() {
      await Promise.all([gateway.drain(), sockets.drain()])
      await rest.disposeAsync()
    },
  }
}
