import { prepared } from '../../../kit/db/prepared.ts'
import type { ProfileRow, UsersDb } from '../tables.ts'
import { preparedForIds } from './ids.ts'

/** Adds a profile unless there is one; answers whether it did. */
export async function insertProfile(db: UsersDb, row: ProfileRow): Promise<boolean> {
  const rows = await db
    .insertInto('profile')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .execute()
  return rows.length > 0
}

const selectProfile = prepared((db: UsersDb, value: { id: string }) =>
  db.selectFrom('profile').selectAll().where('id', '=', value.id),
)

export async function findProfile(db: UsersDb, id: string): Promise<ProfileRow | undefined> {
  const [row] = await selectProfile(db, { id })
  return row
}

/** Active people whose username has the key: the same name in another spelling has it too. */
export async function findProfilesNamed(db: UsersDb, usernameKey: string): Promise<ProfileRow[]> {
  return db
    .selectFrom('profile')
    .selectAll()
    .where('blocked', '=', 0)
    .where('usernameKey', '=', usernameKey)
    .limit(10)
    .execute()
}

/**
 * Reads a profile that is about to be changed: whoever else does so waits until the transaction
 * ends, on every database.
 */
export async function lockProfile(tx: UsersDb, id: string, now: string) {
  return tx
    .updateTable('profile')
    .set({ updatedAt: now })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
}

export async function updateProfile(tx: UsersDb, { id, ...row }: ProfileRow): Promise<void> {
  await tx.updateTable('profile').set(row).where('id', '=', id).execute()
}

export async function insertNameParts(tx: UsersDb, userId: string, parts: string[]): Promise<void> {
  if (parts.length === 0) return
  await tx
    .insertInto('namePart')
    .values(parts.map((part) => ({ part, userId })))
    .onConflict((conflict) => conflict.columns(['part', 'userId']).doNothing())
    .execute()
}

export async function deleteNameParts(tx: UsersDb, userId: string, parts: string[]): Promise<void> {
  if (parts.length === 0) return
  await tx.deleteFrom('namePart').where('userId', '=', userId).where('part', 'in', parts).execute()
}

const selectPeople = preparedForIds((db: UsersDb, _: object, ids) =>
  db
    .selectFrom('profile')
    .select(['id', 'username', 'displayName', 'avatar', 'settings', 'blocked'])
    .where('id', 'in', ids),
)

export async function listPeopleOf(db: UsersDb, ids: readonly string[]) {
  return selectPeople(db, {}, ids)
}

const selectSettings = preparedForIds((db: UsersDb, _: object, ids) =>
  db.selectFrom('profile').select(['id', 'settings']).where('id', 'in', ids),
)

export async function listSettingsOf(db: UsersDb, ids: readonly string[]) {
  return selectSettings(db, {}, ids)
}
