import type { Socket } from 'node:net'
import {
  AbortedTransactionError,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  type QueryResult,
  sql,
  type TransactionSettings,
} from 'kysely'
import type pg from 'pg'
import { kitFailure } from '../failure.ts'
import { PortableCompiler } from './postgres-ddl.ts'
import { isConnectionError, isStalePlan, toStoreFailure } from './postgres-errors.ts'
import type { NamedQuery } from './prepared.ts'

export type PostgresDialectOptions = {
  pool: pg.Pool
  /** After so many milliseconds without an answer the connection is given up. */
  answerWithinMs: number
  /** Called when rows of the outbox have been committed. */
  onAppended: () => void
}

/**
 * Kysely's way to PostgreSQL: as its own dialect, but `begin` travels with the first statement,
 * prepared queries keep their plans, connections that fail are thrown away, and errors are the
 * kit's.
 */
export function createPostgresDialect(options: PostgresDialectOptions): Dialect {
  return {
    createAdapter: () => new LockingAdapter(),
    createDriver: () => createDriver(options),
    createQueryCompiler: () => new PortableCompiler(),
    createIntrospector: (db) => ({
      getSchemas: async () => [],
      /** Names only, of the service's own schema: all that migrations ask for. */
      async getTables() {
        const { rows } = await sql<{ name: string }>`
          select tablename as name from pg_tables where schemaname = current_schema()
        `.execute(db)
        return rows.map(({ name }) => ({ name, isView: false, isForeign: false, columns: [] }))
      },
    }),
  }
}

/** Migrations of one schema follow each other, whichever process runs them, and take their time. */
class LockingAdapter extends PostgresAdapter {
  // biome-ignore lint/suspicious/noExplicitAny: a migrator's handle has no tables.
  override async acquireMigrationLock(db: Kysely<any>): Promise<void> {
    await db.getExecutor().provideConnection((connection) => takeTime(connection, true))
    await sql`select set_config('statement_timeout', '0', false),
      set_config('lock_timeout', '0', false)`.execute(db)
    await sql`select pg_advisory_lock(${migrationLock})`.execute(db)
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above.
  override async releaseMigrationLock(db: Kysely<any>): Promise<void> {
    await sql`select pg_advisory_unlock(${migrationLock})`.execute(db)
    await sql`reset statement_timeout`.execute(db)
    await sql`reset lock_timeout`.execute(db)
    await db.getExecutor().provideConnection((connection) => takeTime(connection, false))
  }
}

const migrationLock = sql`hashtextextended(current_schema() || '/migrations', 0)`

async function takeTime(connection: DatabaseConnection, endless: boolean): Promise<void> {
  ;(connection as PostgresConnection).endless = endless
}

type PostgresConnection = DatabaseConnection & {
  client: pg.PoolClient
  /** No answer is too late, as long as migrations run. */
  endless: boolean
  /** Must not be used by anybody else. */
  broken: boolean
  inTransaction: boolean
  /** How a transaction begins that has not been asked anything yet, and of which the server knows nothing. */
  opening: string | undefined
  /** Whether rows of the outbox wait for the end of the transaction. */
  appended: boolean
  send(statement: Statement): Promise<pg.QueryResult>
}

type Statement = { text: string; values?: unknown[]; name?: string | undefined }

function createDriver({ pool, answerWithinMs, onAppended }: PostgresDialectOptions): Driver {
  async function acquire(): Promise<pg.PoolClient> {
    try {
      return await pool.connect()
    } catch (error) {
      throw toStoreFailure(error)
    }
  }

  function createConnection(client: pg.PoolClient): PostgresConnection {
    /** Sends `begin` and what comes first in one packet: each costs as much as a small statement. */
    function open(text: string, first: () => Promise<pg.QueryResult>, limit: object) {
      const { stream } = (client as pg.PoolClient & { connection: { stream: Socket } }).connection
      stream.cork()
      try {
        const begun = client.query({ text, ...limit })
        const answer = first()
        answer.catch(() => undefined)
        return begun.then(() => answer)
      } finally {
        stream.uncork()
      }
    }

    const connection: PostgresConnection = {
      client,
      endless: false,
      broken: false,
      inTransaction: false,
      opening: undefined,
      appended: false,

      async send(statement) {
        const timeout = connection.endless ? {} : { query_timeout: answerWithinMs }
        const { opening } = connection
        connection.opening = undefined
        try {
          const ask = () => client.query({ ...statement, ...timeout })
          return await (opening ? open(opening, ask, timeout) : ask())
        } catch (error) {
          if (isConnectionError(error) || isStalePlan(error)) connection.broken = true
          throw toStoreFailure(error)
        }
      },

      async executeQuery<R>(query: CompiledQuery & NamedQuery): Promise<QueryResult<R>> {
        if (connection.broken) throw kitFailure('unavailable')
        const { command, rowCount, rows } = await connection.send({
          text: query.sql,
          values: query.parameters as unknown[],
          name: query.name,
        })
        if (command === 'INSERT' && query.sql.startsWith('insert into "outbox"')) {
          if (connection.inTransaction) connection.appended = true
          else onAppended()
        }
        const changes = ['INSERT', 'UPDATE', 'DELETE', 'MERGE'].includes(command)
        return { rows, ...(changes && { numAffectedRows: BigInt(rowCount ?? 0) }) }
      },

      // biome-ignore lint/correctness/useYield: Kysely asks for the method, and nothing here streams.
      async *streamQuery() {
        throw new Error('Streaming is not offered: ask for pages')
      },
    }
    return connection
  }

  const own = (connection: DatabaseConnection) => connection as PostgresConnection

  return {
    async init() {},
    acquireConnection: async () => createConnection(await acquire()),

    async beginTransaction(connection, settings: TransactionSettings) {
      const { isolationLevel, accessMode } = settings
      const level = isolationLevel ? ` isolation level ${isolationLevel}` : ''
      own(connection).opening = `begin${level}${accessMode ? ` ${accessMode}` : ''}`
      own(connection).inTransaction = true
      own(connection).appended = false
    },

    async commitTransaction(connection) {
      const { send, appended, opening } = own(connection)
      if (opening) {
        own(connection).inTransaction = false
        return
      }
      const { command } = await send({ text: 'commit' })
      own(connection).inTransaction = false
      // An aborted transaction answers so, and stays without effect.
      if (command === 'ROLLBACK') throw new AbortedTransactionError()
      if (appended) onAppended()
    },

    async rollbackTransaction(connection) {
      const ending = own(connection)
      ending.inTransaction = false
      if (ending.broken || ending.opening) return
      // What went wrong before is the news; without its connection a transaction ends by itself.
      await ending.send({ text: 'rollback' }).catch(() => {
        ending.broken = true
      })
    },

    async releaseConnection(connection) {
      const { client, broken } = own(connection)
      client.release(broken)
    },

    destroy: () => pool.end(),
  }
}
