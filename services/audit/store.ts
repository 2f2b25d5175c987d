import type { Kysely } from 'kysely'
import type { PageRequest } from '../../kit/page.ts'
import type { AuditRow, AuditTables } from './tables.ts'

type Db = Kysely<AuditTables>

export type AuditPosition = [at: string, id: string]

export type AuditFilter = {
  actorId: string | undefined
  subjectId: string | undefined
  action: string | undefined
  noun: string | undefined
  outcome: AuditRow['outcome'] | undefined
  from: string | undefined
  to: string | undefined
}

/** Keeps an entry; one that is there already stays as it is. */
export async function insertEntry(db: Db, row: AuditRow): Promise<void> {
  await db
    .insertInto('auditEntry')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}

export async function listEntries(
  db: Db,
  filter: AuditFilter,
  { limit, cursor }: PageRequest<AuditPosition>,
) {
  const direction = cursor?.back ? 'asc' : 'desc'
  let query = entriesWhere(db, filter).selectAll()
  if (cursor) {
    const [at, id] = cursor.at
    const beyond = cursor.back ? '>' : '<'
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('at', 'id'), beyond, tuple(at, id)),
    )
  }
  return query
    .orderBy('at', direction)
    .orderBy('id', direction)
    .limit(limit + 1)
    .execute()
}

export async function countEntries(db: Db, filter: AuditFilter): Promise<number> {
  const { count } = await entriesWhere(db, filter)
    .select((row) => row.fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** From the filter that leaves the fewest to the one that leaves the most. */
const narrowestFirst = ['subjectId', 'actorId', 'action', 'noun', 'outcome'] as const

/**
 * The narrowest filter reads its index; the others sift what that leaves. Left to choose, SQLite
 * may read all that succeeded to find what one person did.
 */
function entriesWhere(db: Db, filter: AuditFilter) {
  let query = db.selectFrom('auditEntry')
  const [narrowest, ...others] = narrowestFirst.filter((field) => filter[field] !== undefined)
  if (narrowest) query = query.where(narrowest, '=', filter[narrowest] ?? '')
  for (const field of others) {
    query = query.where((row) => row(row.fn.coalesce(field, row.val('')), '=', filter[field] ?? ''))
  }
  if (filter.from !== undefined) query = query.where('at', '>=', filter.from)
  if (filter.to !== undefined) query = query.where('at', '<', filter.to)
  return query
}

/** Deletes some of the entries from before a time; answers with how many. */
export async function deleteOldEntries(db: Db, before: string, limit: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('auditEntry')
    .where('id', 'in', (query) =>
      query
        .selectFrom('auditEntry')
        .select('id')
        .where('at', '<', before)
        .orderBy('at')
        .limit(limit),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}
