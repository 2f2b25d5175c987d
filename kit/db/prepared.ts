import type { Compilable, CompiledQuery, Kysely } from 'kysely'

/** Stands where a value will be when the query runs. */
class Parameter {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/**
 * A query built once per database and run with other values each time. Building costs several
 * times what SQLite takes to run a small statement, so the busiest paths do without.
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
  const compiledFor = new WeakMap<object, CompiledQuery<Row>>()
  const placeholders = new Proxy({}, { get: (_, name) => new Parameter(String(name)) }) as Values

  return async (db, values) => {
    const { adapter } = db.getExecutor()
    let compiled = compiledFor.get(adapter)
    if (!compiled) {
      compiled = build(db, placeholders).compile()
      compiledFor.set(adapter, compiled)
    }
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Parameter ? values[parameter.name as keyof Values] : parameter,
    )
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters })
    return rows
  }
}
