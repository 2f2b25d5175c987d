import { CamelCasePlugin, Kysely } from 'kysely'
import pg from 'pg'
import { ConfigError } from '../config.ts'
import { createPostgresDialect } from './postgres-driver.ts'
import { isWrongSetting, toStoreFailure } from './postgres-errors.ts'
import { openSession } from './postgres-session.ts'
import type { DatabaseConfig } from './settings.ts'
import type { Store, Stores, WrapDialect } from './store.ts'

/** Events of other processes are found within this time even when no notice came. */
const lookEveryMs = 1_000
/** How much later than the server's own limit a client gives up on an answer. */
const answerMarginMs = 1_000
const int8 = 20
const numeric = 1700

export type PostgresOptions = {
  /** `DATABASE_URL` must be there. */
  config: DatabaseConfig
  /** What begins the names of all schemas: lets several installations share a database. */
  prefix?: string
  /** How the connections are named to whoever looks after the server. */
  application?: string
  /** Whether what is acknowledged is on the server's disk; only tests do without. */
  durable?: boolean
  wrap?: WrapDialect | undefined
}

/**
 * One schema per service in a PostgreSQL database, made when it is missing. Connections must lead
 * to the server itself or through a pool that keeps sessions: prepared statements, notices and
 * locks belong to a session.
 */
export function createPostgresStores(options: PostgresOptions): Stores {
  const { config, prefix = '', application = 'stoa', durable = true, wrap } = options
  return {
    async open<Tables>(name: string): Promise<Store<Tables>> {
      const schema = `${prefix}${name}`
      const client = toClientConfig(config, {
        schema,
        application: `${application}/${name}`,
        durable,
      })
      const listeners: (() => void)[] = []
      const look = () => {
        for (const listener of listeners) listener()
      }
      const session = await openSession({ client, schema, onNews: look }).catch((error) => {
        throw isWrongSetting(error) ? new ConfigError([`DATABASE_URL: ${error.message}`]) : error
      })
      await createSchema(session.query, schema).catch(async (error) => {
        await session.close()
        throw error
      })
      const looking = setInterval(look, lookEveryMs).unref()

      const pool = new pg.Pool({
        ...client,
        pipeline: true,
        max: config.DATABASE_CONNECTIONS,
        idleTimeoutMillis: 30_000,
      })
      // A connection that fails is thrown away by who uses it; here is only to be heard, not dealt with.
      pool.on('error', () => undefined)
      pool.on('connect', (fresh) => fresh.on('error', () => undefined))
      const dialect = createPostgresDialect({
        pool,
        answerWithinMs: config.DATABASE_STATEMENT_TIMEOUT_MS + answerMarginMs,
        onAppended() {
          look()
          session.tell()
        },
      })
      const db = new Kysely<Tables>({
        dialect: wrap ? wrap(dialect, name) : dialect,
        plugins: [new CamelCasePlugin()],
      })
      return {
        db,
        connections: config.DATABASE_CONNECTIONS,
        onDurable: (listener) => void listeners.push(listener),
        failure: session.failure,
        lock: session.lock,
        async close() {
          clearInterval(looking)
          await db.destroy()
          await session.close()
        },
      }
    },
    async close() {},
  }
}

type Query = (text: string, values?: unknown[]) => Promise<pg.QueryResult>

/** Asks first: to make what is there already needs a right that a service may not have. */
async function createSchema(query: Query, schema: string): Promise<void> {
  const exists = async () =>
    (await query('select 1 from pg_namespace where nspname = $1', [schema])).rows.length > 0
  if (await exists()) return
  try {
    await query(`create schema if not exists ${pg.escapeIdentifier(schema)}`)
  } catch (error) {
    // Of two processes that make it at once, one is told that it cannot.
    if (!(await exists())) throw toStoreFailure(error)
  }
}

function toClientConfig(
  config: DatabaseConfig,
  { schema, application, durable }: { schema: string; application: string; durable: boolean },
): pg.ClientConfig {
  const settings = {
    search_path: pg.escapeIdentifier(schema),
    // Said at each connection, because the server's own default may be another one.
    synchronous_commit: durable ? 'on' : 'off',
    default_transaction_isolation: 'read committed',
    // A process that vanished with its network gives its locks back before long.
    tcp_keepalives_idle: '5',
    tcp_keepalives_interval: '2',
    tcp_keepalives_count: '3',
  }
  return {
    connectionString: config.DATABASE_URL,
    application_name: application,
    connectionTimeoutMillis: config.DATABASE_CONNECT_TIMEOUT_MS,
    statement_timeout: config.DATABASE_STATEMENT_TIMEOUT_MS,
    lock_timeout: config.DATABASE_LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: config.DATABASE_IDLE_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`)
      .join(' '),
    types: { getTypeParser },
  }
}

/** Numbers of 64 bits are numbers, as SQLite gives them; no column counts beyond 2^53. */
const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = (type, format) =>
  type === int8 || type === numeric ? Number : pg.types.getTypeParser(type, format)
