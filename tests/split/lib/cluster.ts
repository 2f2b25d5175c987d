import { eventually, temporaryFolder } from '../../../kit/testing.ts'
import { freePort } from '../../lib/ports.ts'
import { type Server, startServer } from '../../lib/server.ts'
import { type Backends, type BusKind, createBackends } from './backends.ts'
import { bundleFolder } from './build.ts'

/** One process of the installation; killed and started again, it stays where it was. */
export type Part = {
  names: readonly string[]
  url: string
  output(): string
  /** Ends it without a word and starts it again; settles when it is ready. */
  crash(): Promise<void>
  /** Ends it as a scheduler does; settles when it has ended. */
  stop(): Promise<void>
  /** Starts it again after a stop; settles when it is ready. */
  start(): Promise<void>
}

/** The product apart: two gateways and two instances of every service, on real servers. */
export type Cluster = AsyncDisposable & {
  backends: Backends
  gateways: readonly [first: string, second: string]
  parts: readonly Part[]
  /** Starts one more process; settles when it is ready. */
  add(names: readonly string[]): Promise<Part>
}

/** What a cluster can differ in. */
export type Shape = {
  /** The parts of each process: at least one of them is a gateway, and those come first. */
  layout?: readonly (readonly string[])[]
  /** The bundle that runs: one that nobody makes anew meanwhile. */
  bundle?: string
}

/** Several services share a process, which spares a small machine some. */
const usualLayout: readonly (readonly string[])[] = [
  ['gateway'],
  ['gateway'],
  ['accounts', 'users'],
  ['accounts', 'users'],
  ['chat', 'notifications', 'audit'],
  ['chat', 'notifications', 'audit'],
]

export async function startCluster(
  kind: BusKind,
  settings: Readonly<Record<string, string>> = {},
  shape?: Shape,
): Promise<Cluster> {
  await using undo = new AsyncDisposableStack()
  const backends = undo.use(await createBackends(kind))
  const cluster = undo.use(await startClusterAt(backends, settings, shape))
  const rest = undo.move()
  return { ...cluster, [Symbol.asyncDispose]: () => rest.disposeAsync() }
}

/** The same on servers that are prepared already. */
export async function startClusterAt(
  backends: Backends,
  settings: Readonly<Record<string, string>> = {},
  { layout = usualLayout, bundle = bundleFolder }: Shape = {},
): Promise<Cluster> {
  await using undo = new AsyncDisposableStack()
  await Promise.all([backends.stoa('migrate'), backends.stoa('topics')])
  const folder = undo.use(temporaryFolder())
  const ports = await Promise.all(layout.map(freePort))
  const environment = {
    ...backends.environment,
    PUBLIC_URL: `http://localhost:${ports[0]}`,
    ...settings,
  }
  let started = 0
  const startNext = (names: readonly string[], port: number) =>
    startPart(names, {
      folder: folder.path,
      port,
      environment: { ...environment, INSTANCE_NAME: `part-${started++}` },
      // It starts in a third of the time: many processes are started here.
      program: `${bundle}/start.mjs`,
    })
  const starts = await Promise.allSettled(layout.map((names, n) => startNext(names, ports[n] ?? 0)))
  // Those that started are ended too when another one did not.
  const parts = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  for (const part of parts) undo.use(part)
  for (const start of starts) if (start.status === 'rejected') throw start.reason
  await Promise.all(parts.map(({ url }) => becomeReady(url)))
  const [first, second] = parts
  const rest = undo.move()
  return {
    backends,
    gateways: [first?.url ?? '', second?.url ?? ''],
    parts,
    async add(names) {
      const part = rest.use(await startNext(names, await freePort()))
      parts.push(part)
      await becomeReady(part.url)
      return part
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

type PartOptions = {
  folder: string
  port: number
  environment: Record<string, string>
  program: string
}

async function startPart(
  names: readonly string[],
  options: PartOptions,
): Promise<Part & AsyncDisposable> {
  const launch = (): Promise<Server> => startServer({ ...options, parts: names })
  let server = await launch()
  let said = ''
  // Not the public address, which all of them share.
  const url = `http://127.0.0.1:${options.port}`

  async function start(): Promise<void> {
    said += server.output()
    server = await launch()
    await becomeReady(url)
  }

  return {
    names,
    url,
    output: () => said + server.output(),
    async crash() {
      await server.kill('SIGKILL')
      await start()
    },
    stop: () => server.kill('SIGTERM'),
    start,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** Waits until a process says that it is ready. */
async function becomeReady(url: string): Promise<void> {
  const ask = async () => (await fetch(`${url}/api/v1/health/ready`)).status
  await eventually(
    () => ask().catch(() => 0),
    (status) => status === 200,
    180_000,
  )
}
