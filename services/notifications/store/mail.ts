import { prepared } from '../../../kit/db/prepared.ts'
import type { PageRequest } from '../../../kit/page.ts'
import type { MailRow } from '../tables.ts'
import type { Db } from './db.ts'

/** Ids are made in the order of time, so they are the whole position. */
export type MailPosition = [id: string]
export type MailFilter = Partial<Record<'recipient' | 'state' | 'via', string | undefined>>

/** Puts a mail in line; the same source never puts a second one. */
export async function insertMail(db: Db, row: MailRow): Promise<void> {
  await db
    .insertInto('mail')
    .values(row)
    .onConflict((conflict) => conflict.column('source').doNothing())
    .execute()
}

export async function findMail(db: Db, id: string) {
  return db.selectFrom('mail').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function listMail(
  db: Db,
  filter: MailFilter,
  { limit, cursor }: PageRequest<MailPosition>,
) {
  let query = mailsWhere(db, filter).selectAll()
  if (cursor) query = query.where('id', cursor.back ? '>' : '<', cursor.at[0])
  return query
    .orderBy('id', cursor?.back ? 'asc' : 'desc')
    .limit(limit + 1)
    .execute()
}

export async function countMail(db: Db, filter: MailFilter): Promise<number> {
  const { count } = await mailsWhere(db, filter)
    .select((row) => row.fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** From the filter that leaves the fewest to the one that leaves the most. */
const narrowestFirst = ['recipient', 'state', 'via'] as const

/**
 * The narrowest filter reads its index; the others sift what that leaves. Left to choose, SQLite
 * may read all that was ever sent to find what went to one address.
 */
function mailsWhere(db: Db, filter: MailFilter) {
  let query = db.selectFrom('mail')
  const [narrowest, ...others] = narrowestFirst.filter((field) => filter[field] !== undefined)
  if (narrowest) query = query.where(narrowest, '=', filter[narrowest] ?? '')
  for (const field of others) {
    query = query.where((row) => row(row.fn.coalesce(field, row.val('')), '=', filter[field] ?? ''))
  }
  return query
}

/** The mail that has waited longest of those that somebody may take now. */
export const findDueMail = prepared((db: Db, value: { now: string }) =>
  db
    .selectFrom('mail')
    .select('id')
    .where('nextAttemptAt', '<=', value.now)
    .orderBy('nextAttemptAt')
    .limit(1),
)

/** Takes a mail for as long as the lease says; `undefined` when another sender was first. */
export async function takeMail(db: Db, id: string, now: string, leaseUntil: string) {
  return db
    .updateTable('mail')
    .set((row) => ({
      state: 'sending',
      nextAttemptAt: leaseUntil,
      attempts: row('attempts', '+', 1),
    }))
    .where('id', '=', id)
    .where('nextAttemptAt', '<=', now)
    .returningAll()
    .executeTakeFirst()
}

/** Writes down how an attempt went, unless its lease ran out and the mail is another sender's. */
export async function finishAttempt(
  db: Db,
  { id, attempts }: Pick<MailRow, 'id' | 'attempts'>,
  outcome: Partial<MailRow>,
): Promise<void> {
  await db
    .updateTable('mail')
    .set(outcome)
    .where('id', '=', id)
    .where('state', '=', 'sending')
    .where('attempts', '=', attempts)
    .execute()
}

/** Puts a failed mail in line again; `undefined` when it has not failed. */
export async function retryMail(db: Db, id: string, now: string) {
  return db
    .updateTable('mail')
    .set({ state: 'waiting', attempts: 0, nextAttemptAt: now })
    .where('id', '=', id)
    .where('state', '=', 'failed')
    .returningAll()
    .executeTakeFirst()
}

/** Deletes some of the finished mails from before a time; answers with how many. */
export async function deleteOldMail(db: Db, before: string, limit: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('mail')
    .where('id', 'in', (query) =>
      query
        .selectFrom('mail')
        .select('id')
        .where('createdAt', '<', before)
        .where('nextAttemptAt', 'is', null)
        .orderBy('createdAt')
        .limit(limit),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}
