import type { PageRequest } from '../../../kit/page.ts'
import type { AccountsDb, InvitationRow, SiteRow } from '../tables.ts'

export async function findSite(db: AccountsDb): Promise<SiteRow | undefined> {
  return db.selectFrom('site').selectAll().executeTakeFirst()
}

/** Of two that set up at once, one inserts. */
export async function insertSite(db: AccountsDb, site: Omit<SiteRow, 'id'>): Promise<boolean> {
  const rows = await db
    .insertInto('site')
    .values({ id: 'site', ...site })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .execute()
  return rows.length > 0
}

export async function updateSite(
  db: AccountsDb,
  change: Partial<Omit<SiteRow, 'id'>>,
): Promise<SiteRow | undefined> {
  return db.updateTable('site').set(change).returningAll().executeTakeFirst()
}

/** Makes transactions that decide about admins follow each other on every database. */
export async function lockAdmins(db: AccountsDb): Promise<void> {
  await db
    .updateTable('site')
    .set((site) => ({ changedAt: site.ref('changedAt') }))
    .execute()
}

export async function insertInvitation(db: AccountsDb, invitation: InvitationRow): Promise<void> {
  await db.insertInto('invitation').values(invitation).execute()
}

export async function isInvitationGood(
  db: AccountsDb,
  codeHash: string,
  now: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('invitation')
    .select('id')
    .where('codeHash', '=', codeHash)
    .where('usesLeft', '>', 0)
    .where('expiresAt', '>', now)
    .executeTakeFirst()
  return row !== undefined
}

/** Takes one use of an invitation, and says whether there was one to take. */
export async function takeInvitation(
  db: AccountsDb,
  codeHash: string,
  now: string,
): Promise<boolean> {
  const rows = await db
    .updateTable('invitation')
    .set((invitation) => ({ usesLeft: invitation('usesLeft', '-', 1) }))
    .where('codeHash', '=', codeHash)
    .where('usesLeft', '>', 0)
    .where('expiresAt', '>', now)
    .returning('id')
    .execute()
  return rows.length > 0
}

export async function deleteInvitation(db: AccountsDb, id: string): Promise<boolean> {
  const rows = await db.deleteFrom('invitation').where('id', '=', id).returning('id').execute()
  return rows.length > 0
}

export type InvitationPosition = [createdAt: string, id: string]

export async function listInvitations(
  db: AccountsDb,
  { limit, cursor }: PageRequest<InvitationPosition>,
) {
  const order = cursor?.back ? 'asc' : 'desc'
  return db
    .selectFrom('invitation')
    .selectAll()
    .$if(cursor !== undefined, (query) =>
      query.where((is) =>
        is(
          is.refTuple('createdAt', 'id'),
          cursor?.back ? '>' : '<',
          is.tuple(cursor?.at[0] ?? '', cursor?.at[1] ?? ''),
        ),
      ),
    )
    .orderBy('createdAt', order)
    .orderBy('id', order)
    .limit(limit + 1)
    .execute()
}

export async function countInvitations(db: AccountsDb): Promise<number> {
  const { count } = await db
    .selectFrom('invitation')
    .select((select) => select.fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}
