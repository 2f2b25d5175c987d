import { execFile } from 'node:child_process'
import { parseArgs, promisify } from 'node:util'
import { type OwnKafka, startKafka } from '../../lib/own-kafka.ts'
import { type OwnPostgres, startPostgres } from '../../lib/own-postgres.ts'
import { type Backends, createBackends } from '../../split/lib/backends.ts'
import { type Cluster, type Shape, startClusterAt } from '../../split/lib/cluster.ts'

/** A bundle of its own: tests that make theirs anew meanwhile disturb no campaign. */
const bundle = 'dist/server-of-chaos'

/** Servers of the script's own, with room for one installation on them. */
export type Room = AsyncDisposable & {
  kafka: OwnKafka
  postgres: OwnPostgres
  backends: Backends
}

export async function openRoom(nodes: number): Promise<Room> {
  await using undo = new AsyncDisposableStack()
  const kafka = undo.use(await startKafka(nodes))
  const postgres = undo.use(await startPostgres())
  const servers = { ...kafka.environment, ...postgres.environment }
  const backends = undo.use(await createBackends('kafka', servers))
  const rest = undo.move()
  return { kafka, postgres, backends, [Symbol.asyncDispose]: () => rest.disposeAsync() }
}

/** The product apart, in such a room. */
export async function startInstallation(
  nodes: number,
  { settings, ...shape }: Shape & { settings?: Readonly<Record<string, string>> } = {},
): Promise<Room & { cluster: Cluster }> {
  await promisify(execFile)(process.execPath, ['bin/build.ts', bundle])
  await using undo = new AsyncDisposableStack()
  const room = undo.use(await openRoom(nodes))
  const cluster = undo.use(await startClusterAt(room.backends, settings, { bundle, ...shape }))
  const rest = undo.move()
  return { ...room, cluster, [Symbol.asyncDispose]: () => rest.disposeAsync() }
}

export type Words = {
  size: number
  nodes: number
  /** How much of the campaign is over when so much of its size is done: by size, or by time. */
  shareOf(done: number): number
}

/** What campaigns over the split shape are told: `npm run chaos:… -- 100 --nodes 3 --minutes 30`. */
export function readWords(usualSize: number): Words {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      nodes: { type: 'string', default: '1' },
      minutes: { type: 'string', default: 'Infinity' },
    },
  })
  const size = Number(positionals[0] ?? usualSize)
  const startedAt = performance.now()
  const lastsMs = Number(values.minutes) * 60_000
  return {
    size,
    nodes: Number(values.nodes),
    shareOf: (done) => Math.max(done / size, (performance.now() - startedAt) / lastsMs),
  }
}

export function say(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
}
