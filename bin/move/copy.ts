import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { AnyDb, Table } from './tables.ts'

const rowsAtOnce = 1_000
/** Fewer than either database takes in one statement. */
const valuesAtOnce = 30_000

type Row = Record<string, unknown>

/** How many rows there are, and a SHA-256 over all their values in the order of the key. */
export type Sum = { rows: number; checksum: string }

/** Reads a table in the order of its key, never much of it at once. */
async function* readBatches(db: AnyDb, { name, columns, key }: Table): AsyncGenerator<Row[]> {
  const limit = Math.min(rowsAtOnce, Math.floor(valuesAtOnce / columns.length))
  const fields = sql.join(key.map((column) => sql.ref(column)))
  let last: Row | undefined
  for (;;) {
    let query = db.selectFrom(name).select([...columns])
    for (const column of key) query = query.orderBy(column)
    if (last) {
      const before = last
      const after = sql.join(key.map((column) => before[column]))
      query = query.where(sql<boolean>`(${fields}) > (${after})`)
    }
    const rows: Row[] = await query.limit(limit).execute()
    if (rows.length > 0) yield rows
    last = rows.at(-1)
    if (rows.length < limit) return
  }
}

function createSum(columns: readonly string[]) {
  const hash = createHash('sha256')
  let count = 0
  return {
    add(rows: readonly Row[]): void {
      for (const row of rows) hash.update(JSON.stringify(columns.map((column) => row[column])))
      count += rows.length
    },
    result: (): Sum => ({ rows: count, checksum: hash.digest('hex') }),
  }
}

/** Copies every row of a table; answers with what was read. */
export async function copyTable(
  source: AnyDb,
  target: AnyDb,
  table: Table,
  onProgress: (rows: number) => void,
): Promise<Sum> {
  const sum = createSum(table.columns)
  let copied = 0
  for await (const rows of readBatches(source, table)) {
    await target.insertInto(table.name).values(rows).execute()
    sum.add(rows)
    copied += rows.length
    onProgress(copied)
  }
  return sum.result()
}

/** Sums a table up from what is written there. */
export async function sumTable(db: AnyDb, table: Table): Promise<Sum> {
  const sum = createSum(table.columns)
  for await (const rows of readBatches(db, table)) sum.add(rows)
  return sum.result()
}

export async function isEmpty(db: AnyDb, table: Table): Promise<boolean> {
  const row = await db.selectFrom(table.name).select(sql`1`.as('one')).limit(1).executeTakeFirst()
  return row === undefined
}
