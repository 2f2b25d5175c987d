import { type App, start } from '../../../bin/app.ts'
import { readEnvironment } from '../../../kit/config.ts'
import { temporaryFolder } from '../../../kit/testing.ts'
import { freePort } from '../../lib/ports.ts'
import { testEnvironment } from '../../lib/server.ts'
import type { BusKind } from '../../split/lib/backends.ts'
import { openBalancer } from '../../split/lib/balancer.ts'
import { type Cluster, startCluster } from '../../split/lib/cluster.ts'

/** The product at one address, in whatever shape it runs. */
export type Stand = AsyncDisposable & {
  url: string
  /** Where the first admin is made; gone once there is one. */
  setupUrl(): string | undefined
  /** Nobody is at the address any more; `start` brings everything back. */
  stop(): Promise<void>
  start(): Promise<void>
}

type Environment = Readonly<Record<string, string>>

/** Over what the tests have the product apart, when they do. */
const { STOA_TEST_BUS } = readEnvironment()
const bus = STOA_TEST_BUS as BusKind | undefined

/** In one process, unless the tests are told to have it apart. */
export function openStand(environment: Environment): Promise<Stand> {
  return bus ? openApart(bus, environment) : openWhole(environment)
}

async function openWhole(environment: Environment): Promise<Stand> {
  await using undo = new AsyncDisposableStack()
  const folder = undo.use(temporaryFolder())
  const port = await freePort()
  let app: App | undefined

  async function startApp(): Promise<void> {
    app = await start({
      ...testEnvironment,
      LOG_LEVEL: 'error',
      PORT: String(port),
      DATA_FOLDER: folder.path,
      ...environment,
    })
  }
  async function stopApp(): Promise<void> {
    await app?.[Symbol.asyncDispose]()
    app = undefined
  }

  undo.defer(stopApp)
  await startApp()
  const rest = undo.move()
  return {
    url: `http://localhost:${port}`,
    setupUrl: () => app?.setupUrl,
    start: startApp,
    stop: stopApp,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

export type StandApart = Stand & { cluster: Cluster }

/** Two gateways behind one address, and two of every service. */
export async function openApart(kind: BusKind, environment: Environment = {}): Promise<StandApart> {
  await using undo = new AsyncDisposableStack()
  const port = await freePort()
  const url = `http://localhost:${port}`
  const services = ['accounts', 'users', 'chat', 'notifications', 'audit']
  const layout = [['gateway'], ['gateway'], services, services]
  const cluster = undo.use(
    await startCluster(
      kind,
      // Several of them may run beside each other, on one server of the usual size.
      { PUBLIC_URL: url, LOG_LEVEL: 'error', DATABASE_CONNECTIONS: '2', ...environment },
      { layout },
    ),
  )
  undo.use(await openBalancer(cluster.gateways, { port }))
  const { SETUP_CODE } = cluster.backends.environment
  const gateways = cluster.parts.filter(({ names }) => names.includes('gateway'))
  const rest = undo.move()
  return {
    url,
    cluster,
    setupUrl: () => `${url}/setup#code=${SETUP_CODE}`,
    async stop() {
      await Promise.all(gateways.map((gateway) => gateway.stop()))
    },
    async start() {
      await Promise.all(gateways.map((gateway) => gateway.start()))
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}
