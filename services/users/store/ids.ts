import type { Compilable, Kysely } from 'kysely'
import { prepared } from '../../../kit/db/prepared.ts'

type Ids = Readonly<Record<string, string>>

/**
 * A prepared query with a list of ids in it. Lists are filled up with their last id to a power of
 * two, so that a dozen statements serve lists of every length.
 */
export function preparedForIds<Tables, Values extends object, Row>(
  build: (db: Kysely<Tables>, value: Values, ids: readonly string[]) => Compilable<Row>,
) {
  type Query = (db: Kysely<Tables>, values: Values & Ids) => Promise<Row[]>
  const queries = new Map<number, Query>()

  return async (db: Kysely<Tables>, values: Values, ids: readonly string[]): Promise<Row[]> => {
    const last = ids.at(-1)
    if (last === undefined) return []
    const size = 2 ** Math.ceil(Math.log2(ids.length))
    const names = Array.from({ length: size }, (_, index) => `id${index}`)
    let query = queries.get(size)
    if (!query) {
      query = prepared((own: Kysely<Tables>, value: Values & Ids) =>
        build(
          own,
          value,
          names.map((name) => (value as Ids)[name] ?? ''),
        ),
      )
      queries.set(size, query)
    }
    const filled = Object.fromEntries(names.map((name, index) => [name, ids[index] ?? last]))
    return query(db, { ...values, ...filled })
  }
}
