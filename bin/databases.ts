import fs from 'node:fs'
import path from 'node:path'
import { sql } from 'kysely'
import type { HealthCheck } from '../gateway/health.ts'
import { gatewayMigrations } from '../gateway/idempotency/migrations.ts'
import { ConfigError } from '../kit/config.ts'
import { lockFolder } from '../kit/db/folder-lock.ts'
import { isMigrated, type Migrations } from '../kit/db/migrate.ts'
import { createSqliteStores, type Store, type Stores, type WrapDialect } from '../kit/db/store.ts'
import { repeat } from '../kit/job.ts'
import type { Logger } from '../kit/log.ts'
import { traceDialect } from '../kit/tracing/dialect.ts'
import type { Tracing } from '../kit/tracing/tracing.ts'
import type { Config } from './config.ts'
import { Problem } from './problem.ts'
import { reach } from './reach.ts'
import { services } from './services.ts'

/** A database of the product: the gateway's own, or that of a service. */
export type Database = {
  name: string
  migrations: Migrations
  /** Tables that are filled from the others. */
  derived: readonly string[]
}

export const databases: readonly Database[] = [
  { name: 'gateway', migrations: gatewayMigrations, derived: [] },
  ...services.map(({ contract, migrations, derived = [] }) => ({
    name: contract.service as string,
    migrations: migrations as Migrations,
    derived: derived as readonly string[],
  })),
]

/** Folder, inside that of the data, of a move that has not come to its end. */
export const unfinishedMove = '.moving'

/** PostgreSQL when its address is given, otherwise SQLite files in the data folder. */
export async function openStores(
  { database, dataFolder }: Pick<Config, 'database' | 'dataFolder'>,
  tracing?: Tracing,
) {
  if (!database.DATABASE_URL) {
    return openFolder(dataFolder, tracing && traceDialect(tracing, 'sqlite'))
  }
  // Loaded only where it is used: it costs a good part of what a small process rests on.
  const { createPostgresStores } = await import('../kit/db/postgres.ts')
  const wrap = tracing && traceDialect(tracing, 'postgresql')
  return createPostgresStores({ config: database, wrap })
}

/** One process at a time: its bus is the only one that knows what is in the outboxes. */
function openFolder(folder: string, wrap: WrapDialect | undefined): Stores {
  if (fs.existsSync(path.join(folder, unfinishedMove))) {
    throw new ConfigError([`DATA_FOLDER: a move to ${folder} was interrupted; run it once more`])
  }
  const lock = lockFolder(folder)
  if (!lock) throw new ConfigError([`DATA_FOLDER: another Stoa runs on ${folder}`])
  const stores = createSqliteStores(folder, { wrap })
  return {
    ...stores,
    async close() {
      await stores.close()
      lock[Symbol.dispose]()
    },
  }
}

/** The opened databases of the parts of a process, by name. */
export type OpenDatabases = AsyncDisposable & {
  get<Tables>(name: string): Store<Tables>
  /** Fails while any of them cannot be read or written. */
  check: HealthCheck
  /** Names of those that lack a migration. */
  listUnmigrated(): Promise<string[]>
}

/** Opens what is named, when it can be reached; it is closed again if anything fails. */
export async function openDatabases(
  stores: Stores,
  names: ReadonlySet<string>,
  log: Logger,
): Promise<OpenDatabases> {
  await using undo = new AsyncDisposableStack()
  undo.defer(() => stores.close())
  const wanted = databases.filter(({ name }) => names.has(name))
  const opened = new Map<string, Store<unknown>>()
  for (const { name } of wanted) {
    const store = await reach(`the database ${name}`, () => stores.open(name), log)
    undo.defer(() => store.close())
    opened.set(name, store)
  }
  const rest = undo.move()

  return {
    get<Tables>(name: string) {
      const store = opened.get(name)
      if (!store) throw new Error(`The database ${name} is not opened`)
      return store as Store<Tables>
    },
    async check() {
      await Promise.all(
        [...opened.values()].map(async ({ db, failure }) => {
          const broken = failure()
          if (broken) throw broken
          await sql`select 1`.execute(db)
        }),
      )
      return {}
    },
    async listUnmigrated() {
      const lacking = await Promise.all(
        wanted.map(async ({ name, migrations }) => {
          const store = opened.get(name)
          return store && (await isMigrated(store.db, migrations)) ? [] : [name]
        }),
      )
      return lacking.flat()
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

/** A process that shares its databases leaves migrating to a command, which runs once before. */
export async function refuseUnmigrated(databases: OpenDatabases): Promise<void> {
  const lacking = await databases.listUnmigrated()
  if (lacking.length === 0) return
  throw new Problem(
    `These databases are not up to date: ${lacking.join(', ')}. Run \`npm run migrate\` first.`,
  )
}

const relockMs = 1_000

/** A process without a broker is heard by itself only: there can be one of it. */
export async function lockAlone(databases: OpenDatabases, log: Logger): Promise<AsyncDisposable> {
  const take = () => databases.get('gateway').lock('alone')
  let lock = await take()
  if (!lock) {
    throw new ConfigError([
      'DATABASE_URL: another Stoa runs on this database in one process; several need a bus',
    ])
  }
  // It is lost with the connection: then it is taken again before anybody else comes.
  const keeping = repeat({
    name: 'process.alone',
    everyMs: relockMs,
    log,
    async run() {
      if (lock?.lost.aborted) lock = undefined
      lock ??= await take()
    },
  })
  keeping.start()
  return {
    async [Symbol.asyncDispose]() {
      await keeping.stop()
      await lock?.[Symbol.asyncDispose]()
    },
  }
}
