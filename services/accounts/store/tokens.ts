import type { AccountsDb, OneTimeTokenRow } from '../tables.ts'

type Kind = OneTimeTokenRow['kind']

/** Puts a new token in the place of the unused ones of its kind. */
export async function replaceOneTimeToken(db: AccountsDb, token: OneTimeTokenRow): Promise<void> {
  await db
    .deleteFrom('oneTimeToken')
    .where('userId', '=', token.userId)
    .where('kind', '=', token.kind)
    .where('usedAt', 'is', null)
    .execute()
  await db.insertInto('oneTimeToken').values(token).execute()
}

export async function findOneTimeToken(db: AccountsDb, kind: Kind, tokenHash: string) {
  return db
    .selectFrom('oneTimeToken')
    .selectAll()
    .where('tokenHash', '=', tokenHash)
    .where('kind', '=', kind)
    .executeTakeFirst()
}

/** Says whether this call was the one that used it. */
export async function takeOneTimeToken(db: AccountsDb, tokenHash: string, now: string) {
  const rows = await db
    .updateTable('oneTimeToken')
    .set({ usedAt: now })
    .where('tokenHash', '=', tokenHash)
    .where('usedAt', 'is', null)
    .returning('userId')
    .execute()
  return rows.length > 0
}

export async function forgetOneTimeTokens(db: AccountsDb, expiredBefore: string): Promise<void> {
  await db.deleteFrom('oneTimeToken').where('expiresAt', '<=', expiredBefore).execute()
}
