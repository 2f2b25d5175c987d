import type { PageRequest } from '../../../kit/page.ts'
import type { NotificationRow } from '../tables.ts'
import type { Db } from './db.ts'

/** Ids are made in the order of time, so they are the whole position. */
export type NotificationPosition = [id: string]

export async function insertNotification(db: Db, row: NotificationRow): Promise<void> {
  await db.insertInto('notification').values(row).execute()
}

export async function listNotifications(
  db: Db,
  userId: string,
  unreadOnly: boolean,
  { limit, cursor }: PageRequest<NotificationPosition>,
) {
  let query = db.selectFrom('notification').selectAll().where('userId', '=', userId)
  if (unreadOnly) query = query.where('readAt', 'is', null)
  if (cursor) query = query.where('id', cursor.back ? '>' : '<', cursor.at[0])
  return query
    .orderBy('id', cursor?.back ? 'asc' : 'desc')
    .limit(limit + 1)
    .execute()
}

export async function countNotifications(
  db: Db,
  userId: string,
  unreadOnly: boolean,
): Promise<number> {
  let query = db
    .selectFrom('notification')
    .select((row) => row.fn.countAll().as('count'))
    .where('userId', '=', userId)
  if (unreadOnly) query = query.where('readAt', 'is', null)
  const { count } = await query.executeTakeFirstOrThrow()
  return Number(count)
}

export async function findNotification(db: Db, userId: string, id: string) {
  return db
    .selectFrom('notification')
    .selectAll()
    .where('id', '=', id)
    .where('userId', '=', userId)
    .executeTakeFirst()
}

/** Marks one as read; `undefined` when it was already, or is not this person's. */
export async function markRead(db: Db, userId: string, id: string, readAt: string) {
  return db
    .updateTable('notification')
    .set({ readAt })
    .where('id', '=', id)
    .where('userId', '=', userId)
    .where('readAt', 'is', null)
    .returningAll()
    .executeTakeFirst()
}

/** Marks all as read and answers with how many were not. */
export async function markAllRead(db: Db, userId: string, readAt: string): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('notification')
    .set({ readAt })
    .where('userId', '=', userId)
    .where('readAt', 'is', null)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

export async function deleteNotification(db: Db, userId: string, id: string) {
  return db
    .deleteFrom('notification')
    .where('id', '=', id)
    .where('userId', '=', userId)
    .returningAll()
    .executeTakeFirst()
}

/** Deletes some of those from before a time; answers with whose they were. */
export async function deleteOldNotifications(db: Db, before: string, limit: number) {
  return db
    .deleteFrom('notification')
    .where('id', 'in', (query) =>
      query
        .selectFrom('notification')
        .select('id')
        .where('createdAt', '<', before)
        .orderBy('createdAt')
        .limit(limit),
    )
    .returning(['userId', 'readAt'])
    .execute()
}
