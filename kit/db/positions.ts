import { setTimeout } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import { isPostgres } from './dialect.ts'

const lookEveryMs = 3
/** Writers that take longer than this are not waited for; the next reader sees their rows. */
const waitedMs = 1_000

type Seen = { last: number | null; writers: string[] }

/**
 * The position up to which a table is settled: whatever is not there by now will never be.
 * PostgreSQL gives positions to rows in one order and shows them in another, that in which their
 * transactions end; who reads "everything after the last one I saw" must read no further.
 *
 * Whoever writes to the table holds a lock on it from before the position was given until the
 * transaction ends: those who hold one now are waited for. Gives 0 if that takes too long.
 */
// biome-ignore lint/suspicious/noExplicitAny: any table with positions will do.
export async function findSettled(db: Kysely<any>, table: string): Promise<number> {
  if (!isPostgres(db)) return Number.MAX_SAFE_INTEGER
  // One statement: what it sees of the table is older than what it sees of the locks.
  const { rows } = await sql<Seen>`
    select
      (select max(position) from ${sql.table(table)}) as last,
      (select coalesce(array_agg(virtualtransaction), '{}') from pg_locks where ${holding(table)})
        as writers
  `.execute(db)
  const { last = 0, writers = [] } = rows[0] ?? {}
  const giveUp = performance.now() + waitedMs
  while (await areWriting(db, table, writers)) {
    if (performance.now() > giveUp) return 0
    await setTimeout(lookEveryMs)
  }
  return last ?? 0
}

// biome-ignore lint/suspicious/noExplicitAny: as above.
async function areWriting(db: Kysely<any>, table: string, writers: string[]): Promise<boolean> {
  if (writers.length === 0) return false
  const { rows } = await sql`
    select 1 from pg_locks where ${holding(table)} and virtualtransaction = any(${writers}) limit 1
  `.execute(db)
  return rows.length > 0
}

function holding(table: string) {
  return sql`locktype = 'relation' and mode = 'RowExclusiveLock' and pid <> pg_backend_pid()
    and database = (select oid from pg_database where datname = current_database())
    and relation = ${table}::regclass`
}
