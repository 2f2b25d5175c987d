import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { Admin } from '@platformatic/kafka'
import pg from 'pg'
import { freePort, type Program, startProgram } from '../lib/processes.ts'
import { createFolder, root, stoaEnvironment } from '../lib/stoa.ts'
import { brokers, database } from './place.ts'

export type Shape = 'one process on SQLite' | 'one process on PostgreSQL' | 'apart'

/** The product in one of its shapes, and the processes that it consists of or leans on. */
export type Product = AsyncDisposable & {
  port: number
  servers: readonly number[]
  /** Connections come and go with processes of their own: these are the ones of now. */
  databases(): number[]
  brokers(): number[]
}

const services = ['accounts', 'users', 'chat', 'notifications', 'audit']
const bundle = 'dist/server-of-bench'

export async function bundleServer(): Promise<void> {
  await promisify(execFile)(process.execPath, ['bin/build.ts', bundle], { cwd: root })
}

/** Every part in a process of its own, or all in one. */
export async function startProduct(shape: Shape): Promise<Product> {
  await using undo = new AsyncDisposableStack()
  const folder = undo.adopt(createFolder(), (name) => fs.rmSync(name, { recursive: true }))
  const name = `stoa_bench_${randomBytes(6).toString('hex')}`
  const isApart = shape === 'apart'
  const environment: Record<string, string> = {}
  if (shape !== 'one process on SQLite') {
    undo.use(await createDatabase(name))
    const url = new URL(database)
    url.pathname = `/${name}`
    environment.DATABASE_URL = url.href
  }
  const ports = await Promise.all((isApart ? ['gateway', ...services] : ['']).map(freePort))
  const [port = 0] = ports
  if (isApart) {
    const prefix = `${name}.`
    Object.assign(environment, {
      KAFKA_BROKERS: brokers,
      KAFKA_PREFIX: prefix,
      SERVICE_KEY: randomBytes(32).toString('base64'),
      SIGNING_KEY: randomBytes(32).toString('base64'),
      SETUP_CODE: randomBytes(9).toString('base64url'),
      PUBLIC_URL: `http://localhost:${port}`,
    })
    undo.defer(() => deleteTopics(prefix))
    const options = { cwd: root, env: environment }
    for (const command of ['migrate', 'topics']) {
      await promisify(execFile)(process.execPath, ['bin/stoa.ts', command], options)
    }
  }
  const start = (parts: readonly string[], at: number): Promise<Program> =>
    startProgram({
      command: process.execPath,
      words: [path.join(root, bundle, 'start.mjs'), ...parts],
      port: at,
      environment: { ...stoaEnvironment(folder, at), ...environment },
      ready: '/api/v1/health/ready',
    })
  const starting = isApart
    ? ['gateway', ...services].map((part, n) => start([part], ports[n] ?? 0))
    : [start([], port)]
  const programs = await Promise.all(starting)
  for (const program of programs) undo.use(program)
  const rest = undo.move()
  return {
    port,
    servers: programs.map(({ pid }) => pid),
    databases: () =>
      environment.DATABASE_URL
        ? pidsOf((words) => words.startsWith('postgres:') && isOurs(words, name))
        : [],
    brokers: () => (isApart ? pidsOf((words) => words.includes('kafka.Kafka')) : []),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

/** Connections to this database, and what writes for all of them. */
function isOurs(words: string, name: string): boolean {
  return words.includes(` ${name} `) || /walwriter|checkpointer|background writer/.test(words)
}

/** Processes of this machine by how they were called. */
function pidsOf(matches: (words: string) => boolean): number[] {
  return fs
    .readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false
      try {
        return matches(fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))
      } catch {
        // It has ended meanwhile.
        return false
      }
    })
}

async function createDatabase(name: string): Promise<AsyncDisposable> {
  const query = async (statement: string) => {
    const client = new pg.Client(database)
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  await query(`create database ${name} template template0`)
  return { [Symbol.asyncDispose]: () => query(`drop database ${name} with (force)`) }
}

async function deleteTopics(prefix: string): Promise<void> {
  const admin = new Admin({ clientId: 'stoa-bench', bootstrapBrokers: [brokers], retries: 3 })
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix))
  if (topics.length > 0) await admin.deleteTopics({ topics })
  await admin.close()
}
