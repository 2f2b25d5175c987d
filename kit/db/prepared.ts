import { hash } from 'node:crypto'
import type { Compilable, CompiledQuery, DatabaseConnection, Kysely, QueryExecutor } from 'kysely'

/** Stands where a value will be when the query runs. */
class Parameter {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** A query whose plan the database may keep under a name, for as long as a connection lasts. */
export type NamedQuery = { name?: string }

/**
 * A query built once per database and run with other values each time. Building costs several
 * times what SQLite takes to run a small statement, so the busiest paths do without. On PostgreSQL
 * it is a prepared statement as well: its text is parsed once per connection, and its plan reused.
 *
 * ```ts
 * const findPost = prepared((db: PostsDb, value: { id: string }) =>
 *   db.selectFrom('post').selectAll().where('id', '=', value.id))
 * const [post] = await findPost(db, { id })
 * ```
 */
export function prepared<Tables, Values extends object, Row>(
  build: (db: Kysely<Tables>, value: Values) => Compilable<Row>,
): (db: Kysely<Tables>, values: Values) => Promise<Row[]> {
  let columns: readonly (readonly [name: string, camelCase: string])[] | undefined
  const compiledFor = new WeakMap<object, CompiledQuery<Row> & NamedQuery>()
  const placeholders = new Proxy({}, { get: (_, name) => new Parameter(String(name)) }) as Values

  return async (db, values) => {
    const { adapter } = db.getExecutor()
    let compiled = compiledFor.get(adapter)
    if (!compiled) {
      const query = build(db, placeholders).compile()
      compiled = { ...query, name: hash('sha256', query.sql, 'base64url') }
      compiledFor.set(adapter, compiled)
    }
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Parameter ? values[parameter.name as keyof Values] : parameter,
    )
    const direct = db.isTransaction ? await directOf(db.getExecutor()) : undefined
    if (direct) return toCamelCase(direct(compiled.sql, parameters) as Record<string, unknown>[])
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters })
    return rows
  }

  /** Rows as Kysely's plugin would give them; the columns of one query are always the same. */
  function toCamelCase(rows: Record<string, unknown>[]): Row[] {
    const [first] = rows
    if (!first) return []
    columns ??= Object.keys(first).map((name) => [name, camelCaseOf(name)] as const)
    return rows.map((row) => {
      const shown: Record<string, unknown> = {}
      for (const [name, camelCase] of columns ?? []) shown[camelCase] = row[name]
      return shown as Row
    })
  }
}

/** Runs a statement at once, as an embedded database can. */
export type DirectRun = (sql: string, parameters: readonly unknown[]) => unknown[]

/** A connection that does, for as long as its transaction lasts. */
export type DirectConnection = DatabaseConnection & { runDirect: DirectRun }

const found = Symbol('direct run')

/**
 * The way past Kysely to the connection of a transaction, when its database has one. It is kept on
 * the executor and not in a weak map: V8 takes the values of an old one for alive until it collects
 * everything, and with them all that each transaction held.
 */
function directOf(
  executor: QueryExecutor & { [found]?: Promise<DirectRun | undefined> },
): Promise<DirectRun | undefined> {
  executor[found] ??= executor.provideConnection(async (connection) =>
    'runDirect' in connection ? (connection as DirectConnection).runDirect : undefined,
  )
  return executor[found]
}

function camelCaseOf(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
