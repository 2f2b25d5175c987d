import { type ControlledTransaction, Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { isMigrated, migrate } from '../../kit/db/migrate.ts'
import { createPostgresStores } from '../../kit/db/postgres.ts'
import { databaseConfig } from '../../kit/db/settings.ts'
import { databases } from '../databases.ts'
import { Problem } from '../problem.ts'
import type { Reached, Source, Target } from './places.ts'
import { type AnyDb, listPostgresTables } from './tables.ts'

const int8 = 20
/** How connections of a running Stoa are named, and how these are. */
const running = 'stoa/%'
const application = 'stoa-move'

export async function openPostgresSource(url: string): Promise<Source> {
  await using undo = new AsyncDisposableStack()
  const db = await connect(url, undo)
  await refuseRunning(db)
  await eachStore(url, async (name, store, migrations) => {
    if (await isMigrated(store, migrations)) return
    throw new Problem(`The database of ${name} is not up to date: run \`npm run migrate\` there.`)
  })
  const snapshot = await db
    .startTransaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute()
  undo.defer(() => endTransaction(snapshot))
  const rest = undo.move()
  return { ...reachIn(snapshot), [Symbol.asyncDispose]: () => rest.disposeAsync() }
}

/** Everything is written in one transaction: all of it is there in the end, or nothing. */
export async function openPostgresTarget(url: string): Promise<Target> {
  await using undo = new AsyncDisposableStack()
  const db = await connect(url, undo)
  await refuseRunning(db)
  await eachStore(url, async (_, store, migrations) => migrate(store, migrations))
  const transaction = await db.startTransaction().execute()
  undo.defer(() => endTransaction(transaction))
  const rest = undo.move()

  return {
    ...reachIn(transaction),
    async continuePositions(name, tables) {
      for (const { name: table, key } of tables) {
        const [column] = key
        if (column !== 'position') continue
        const quoted = `${pg.escapeIdentifier(name)}.${pg.escapeIdentifier(table)}`
        await sql`
          select setval(pg_get_serial_sequence(${quoted}, ${column}), last.position)
          from (select max(position) as position from ${sql.id(name, table)}) last
          where last.position is not null and pg_get_serial_sequence(${quoted}, ${column}) is not null
        `.execute(transaction)
      }
    },
    async keep() {
      await transaction.commit().execute()
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

async function connect(url: string, undo: AsyncDisposableStack): Promise<AnyDb> {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: application,
    max: 1,
    types: {
      getTypeParser: (type, format) =>
        type === int8 ? Number : pg.types.getTypeParser(type, format),
    },
  })
  // Heard here so that it does not end the process: the next statement fails of it.
  pool.on('error', () => undefined)
  // biome-ignore lint/suspicious/noExplicitAny: tables of every service, known while it runs.
  const db = new Kysely<any>({ dialect: new PostgresDialect({ pool }) })
  undo.defer(() => db.destroy())
  await sql`select 1`.execute(db).catch((error) => {
    throw new Problem(`PostgreSQL cannot be reached: ${error.message}`, { cause: error })
  })
  return db
}

async function refuseRunning(db: AnyDb): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select distinct application_name as name from pg_stat_activity
    where datname = current_database() and application_name like ${running}
    order by 1
  `.execute(db)
  if (rows.length === 0) return
  const names = rows.map(({ name }) => name).join(', ')
  throw new Problem(`Stoa runs on this database (${names}): stop it first.`)
}

async function eachStore(
  url: string,
  work: (
    name: string,
    db: AnyDb,
    migrations: (typeof databases)[number]['migrations'],
  ) => Promise<void>,
): Promise<void> {
  const stores = createPostgresStores({
    config: databaseConfig.parse({ DATABASE_URL: url }),
    application,
  })
  for (const { name, migrations } of databases) {
    const store = await stores.open(name)
    try {
      await work(name, store.db, migrations)
    } finally {
      await store.close()
    }
  }
  await stores.close()
}

// biome-ignore lint/suspicious/noExplicitAny: as above.
function reachIn(transaction: ControlledTransaction<any>): Pick<Source, 'reach'> {
  return {
    async reach(name): Promise<Reached> {
      return {
        db: transaction.withSchema(name),
        listTables: () => listPostgresTables(transaction, name),
      }
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: as above.
async function endTransaction(transaction: ControlledTransaction<any>): Promise<void> {
  if (!transaction.isCommitted && !transaction.isRolledBack) {
    // Where the connection is gone, so is the transaction.
    await transaction
      .rollback()
      .execute()
      .catch(() => undefined)
  }
}
