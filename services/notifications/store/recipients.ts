import type { NotificationType } from '../../../contracts/notifications.ts'
import { toFlag } from '../../../kit/db/columns.ts'
import type { Db } from './db.ts'

export async function findRecipient(db: Db, userId: string) {
  return db.selectFrom('recipient').selectAll().where('userId', '=', userId).executeTakeFirst()
}

export async function saveLocale(db: Db, userId: string, locale: string): Promise<void> {
  await db
    .insertInto('recipient')
    .values({ userId, locale, unread: 0 })
    .onConflict((conflict) => conflict.column('userId').doUpdateSet({ locale }))
    .execute()
}

/** Counts one more as unread and answers with the sum. */
export async function addUnread(db: Db, userId: string): Promise<number> {
  const { unread } = await db
    .insertInto('recipient')
    .values({ userId, locale: null, unread: 1 })
    .onConflict((conflict) =>
      conflict.column('userId').doUpdateSet((row) => ({ unread: row('recipient.unread', '+', 1) })),
    )
    .returning('unread')
    .executeTakeFirstOrThrow()
  return unread
}

/** Counts some less as unread and answers with what is left. */
export async function subtractUnread(db: Db, userId: string, by: number): Promise<number> {
  const { unread } = await db
    .updateTable('recipient')
    .set((row) => ({ unread: row('unread', '-', by) }))
    .where('userId', '=', userId)
    .returning('unread')
    .executeTakeFirstOrThrow()
  return unread
}

export async function listPreferences(db: Db, userId: string) {
  return db.selectFrom('preference').selectAll().where('userId', '=', userId).execute()
}

export async function findPreference(db: Db, userId: string, type: NotificationType) {
  return db
    .selectFrom('preference')
    .selectAll()
    .where('userId', '=', userId)
    .where('type', '=', type)
    .executeTakeFirst()
}

export async function savePreference(
  db: Db,
  userId: string,
  type: NotificationType,
  channels: { inApp: boolean; email: boolean },
): Promise<void> {
  const chosen = { inApp: toFlag(channels.inApp), email: toFlag(channels.email) }
  await db
    .insertInto('preference')
    .values({ userId, type, ...chosen })
    .onConflict((conflict) => conflict.columns(['userId', 'type']).doUpdateSet(chosen))
    .execute()
}
