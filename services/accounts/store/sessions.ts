import type { Kysely } from 'kysely'
import { prepared } from '../../../kit/db/prepared.ts'
import type { PageRequest } from '../../../kit/page.ts'
import type { AccountsDb, AccountsTables, SessionRow } from '../tables.ts'

type Db = Kysely<AccountsTables>

const insert = prepared((db: Db, value: SessionRow) =>
  db.insertInto('session').values({
    id: value.id,
    userId: value.userId,
    family: value.family,
    tokenHash: value.tokenHash,
    previous: value.previous,
    sharedUntil: value.sharedUntil,
    ip: value.ip,
    userAgent: value.userAgent,
    createdAt: value.createdAt,
    lastActiveAt: value.lastActiveAt,
    expiresAt: value.expiresAt,
  }),
)

export async function insertSession(db: AccountsDb, session: SessionRow): Promise<void> {
  await insert(db, session)
}

const idsOfUser = prepared((db: Db, value: { userId: string }) =>
  db
    .selectFrom('session')
    .select(['id', 'userId'])
    .where('userId', '=', value.userId)
    .orderBy('lastActiveAt', 'desc')
    .orderBy('id'),
)

/** All sessions of an account, the one active last first. */
export async function listSessionIds(db: AccountsDb, userId: string) {
  return idsOfUser(db, { userId })
}

const byFamily = prepared((db: Db, value: { family: string }) =>
  db.selectFrom('session').selectAll().where('family', '=', value.family),
)

export async function findSessionByFamily(db: AccountsDb, family: string) {
  return (await byFamily(db, { family }))[0]
}

export async function findSession(db: AccountsDb, id: string) {
  return db.selectFrom('session').selectAll().where('id', '=', id).executeTakeFirst()
}

type Replacement = Pick<
  SessionRow,
  'id' | 'tokenHash' | 'previous' | 'lastActiveAt' | 'expiresAt' | 'ip' | 'userAgent'
> & { formerHash: string; formerSharedUntil: string }

const replace = prepared((db: Db, value: Replacement) =>
  db
    .updateTable('session')
    .set({
      tokenHash: value.tokenHash,
      previous: value.previous,
      sharedUntil: value.lastActiveAt,
      lastActiveAt: value.lastActiveAt,
      expiresAt: value.expiresAt,
      ip: value.ip,
      userAgent: value.userAgent,
    })
    .where('id', '=', value.id)
    .where('tokenHash', '=', value.formerHash)
    .where('sharedUntil', '=', value.formerSharedUntil)
    .returning('id'),
)

/** Puts one token in the place of another, unless that was replaced or given out meanwhile. */
export async function replaceToken(db: AccountsDb, replacement: Replacement): Promise<boolean> {
  return (await replace(db, replacement)).length > 0
}

/** Notes that a token was given out again, if it is still the one that counts. */
export async function shareToken(
  db: AccountsDb,
  { id, tokenHash, sharedUntil }: Pick<SessionRow, 'id' | 'tokenHash' | 'sharedUntil'>,
): Promise<boolean> {
  const rows = await db
    .updateTable('session')
    .set({ sharedUntil })
    .where('id', '=', id)
    .where('tokenHash', '=', tokenHash)
    .returning('id')
    .execute()
  return rows.length > 0
}

export async function deleteSession(db: AccountsDb, id: string): Promise<boolean> {
  const rows = await db.deleteFrom('session').where('id', '=', id).returning('id').execute()
  return rows.length > 0
}

export async function insertRevocation(
  db: AccountsDb,
  revocation: AccountsTables['revocation'],
): Promise<void> {
  await db.insertInto('revocation').values(revocation).execute()
}

export async function listRevocations(db: AccountsDb, now: string) {
  return db.selectFrom('revocation').selectAll().where('until', '>', now).orderBy('until').execute()
}

export type SessionPosition = [createdAt: string, id: string]

export async function listSessions(
  db: AccountsDb,
  { userId, now }: { userId: string; now: string },
  { limit, cursor }: PageRequest<SessionPosition>,
) {
  const order = cursor?.back ? 'asc' : 'desc'
  return db
    .selectFrom('session')
    .selectAll()
    .where('userId', '=', userId)
    .where('expiresAt', '>', now)
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

export async function countSessions(
  db: AccountsDb,
  { userId, now }: { userId: string; now: string },
): Promise<number> {
  const { count } = await db
    .selectFrom('session')
    .select((select) => select.fn.countAll().as('count'))
    .where('userId', '=', userId)
    .where('expiresAt', '>', now)
    .executeTakeFirstOrThrow()
  return Number(count)
}

export async function forgetExpired(db: AccountsDb, now: string): Promise<void> {
  await db.deleteFrom('session').where('expiresAt', '<=', now).execute()
  await db.deleteFrom('revocation').where('until', '<=', now).execute()
}
