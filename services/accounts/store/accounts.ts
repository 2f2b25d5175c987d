import { type ExpressionBuilder, type Kysely, sql } from 'kysely'
import { forChange, unlessTaken } from '../../../kit/db/dialect.ts'
import { prepared } from '../../../kit/db/prepared.ts'
import type { PageRequest } from '../../../kit/page.ts'
import type { AccountRow, AccountsDb, AccountsTables, Role } from '../tables.ts'

type Db = Kysely<AccountsTables>

const byId = prepared((db: Db, value: { id: string }) =>
  db.selectFrom('account').selectAll().where('id', '=', value.id),
)
const byEmail = prepared((db: Db, value: { email: string }) =>
  db.selectFrom('account').selectAll().where('email', '=', value.email),
)
const byUsernameKey = prepared((db: Db, value: { usernameKey: string }) =>
  db.selectFrom('account').selectAll().where('usernameKey', '=', value.usernameKey),
)

export async function findAccount(db: AccountsDb, id: string): Promise<AccountRow | undefined> {
  return (await byId(db, { id }))[0]
}

export async function findAccounts(db: AccountsDb, ids: readonly string[]): Promise<AccountRow[]> {
  if (ids.length === 0) return []
  return db.selectFrom('account').selectAll().where('id', 'in', ids).execute()
}

const byIdForChange = prepared((db: Db, value: { id: string }) =>
  db.selectFrom('account').selectAll().where('id', '=', value.id).$call(forChange(db)),
)

/** Reads an account that is about to be changed: others who do so wait for the transaction. */
export async function lockAccount(tx: AccountsDb, id: string): Promise<AccountRow | undefined> {
  return (await byIdForChange(tx, { id }))[0]
}

export async function findAccountByEmail(db: AccountsDb, email: string) {
  return (await byEmail(db, { email }))[0]
}

export async function findAccountByUsernameKey(db: AccountsDb, usernameKey: string) {
  return (await byUsernameKey(db, { usernameKey }))[0]
}

/** Says which of the two is taken, when the account cannot be inserted. */
export async function insertAccount(
  db: AccountsDb,
  account: AccountRow,
): Promise<'inserted' | 'username_taken' | 'email_taken'> {
  const rows = await db
    .insertInto('account')
    .values(account)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .execute()
  if (rows.length > 0) return 'inserted'
  const namesake = await findAccountByUsernameKey(db, account.usernameKey)
  return namesake ? 'username_taken' : 'email_taken'
}

const loggedIn = prepared((db: Db, value: { id: string; now: string }) =>
  db
    .updateTable('account')
    .set({ lastLoginAt: value.now })
    .where('id', '=', value.id)
    .where((is) =>
      is.or([
        is('blockedAt', 'is', null),
        is.and([is('blockedUntil', 'is not', null), is('blockedUntil', '<=', value.now)]),
      ]),
    )
    .returningAll(),
)

/**
 * Notes the sign-in and gives the account as it is now, unless it has been blocked meanwhile: the
 * write holds off a block that comes at the same time until the session is there to be ended.
 */
export async function noteLogin(db: AccountsDb, id: string, now: string) {
  return (await loggedIn(db, { id, now }))[0]
}

export async function updatePasswordHash(db: AccountsDb, id: string, was: string, hash: string) {
  await db
    .updateTable('account')
    .set({ passwordHash: hash })
    .where('id', '=', id)
    .where('passwordHash', '=', was)
    .execute()
}

export async function updateAccount(
  db: AccountsDb,
  id: string,
  change: Partial<Omit<AccountRow, 'id'>>,
): Promise<AccountRow> {
  return db
    .updateTable('account')
    .set(change)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Gives nothing when the name is somebody else's, be it since a moment ago. */
export async function renameAccount(
  db: AccountsDb,
  id: string,
  { username, usernameKey }: Pick<AccountRow, 'username' | 'usernameKey'>,
): Promise<AccountRow | undefined> {
  const namesake = await findAccountByUsernameKey(db, usernameKey)
  if (namesake && namesake.id !== id) return undefined
  return unlessTaken(updateAccount(db, id, { username, usernameKey }))
}

/** Admins besides one who are not blocked. */
export async function countOtherAdmins(db: AccountsDb, id: string, now: string): Promise<number> {
  const { count } = await db
    .selectFrom('account')
    .select((select) => select.fn.countAll().as('count'))
    .where('role', '=', 'admin')
    .where('id', '!=', id)
    .where((is) => is.not(isBlocked(is, now)))
    .executeTakeFirstOrThrow()
  return Number(count)
}

export async function findEndedBlocks(db: AccountsDb, now: string, limit: number) {
  return db
    .selectFrom('account')
    .select('id')
    .where('blockedUntil', '<=', now)
    .orderBy('blockedUntil')
    .limit(limit)
    .execute()
}

export async function liftEndedBlock(db: AccountsDb, id: string, now: string) {
  return db
    .updateTable('account')
    .set({ blockedAt: null, blockReason: null, blockedUntil: null })
    .where('id', '=', id)
    .where('blockedUntil', '<=', now)
    .returningAll()
    .executeTakeFirst()
}

/** Accounts whose earlier access tokens are void and may not have expired. */
export async function listVoidTokens(db: AccountsDb, since: string) {
  return db
    .selectFrom('account')
    .select(['id', 'tokensValidFrom'])
    .where('tokensValidFrom', '>', since)
    .orderBy('tokensValidFrom')
    .execute()
}

export type AccountPosition = [registeredAt: string, id: string]

export type AccountFilter = {
  search?: string | undefined
  role?: Role | undefined
  blocked?: boolean | undefined
  now: string
}

export async function listAccounts(
  db: AccountsDb,
  filter: AccountFilter,
  { limit, cursor }: PageRequest<AccountPosition>,
) {
  const order = cursor?.back ? 'asc' : 'desc'
  return db
    .selectFrom('account')
    .selectAll()
    .where((is) => matches(is, filter))
    .$if(cursor !== undefined, (query) =>
      query.where((is) =>
        is(
          is.refTuple('registeredAt', 'id'),
          cursor?.back ? '>' : '<',
          is.tuple(cursor?.at[0] ?? '', cursor?.at[1] ?? ''),
        ),
      ),
    )
    .orderBy('registeredAt', order)
    .orderBy('id', order)
    .limit(limit + 1)
    .execute()
}

export async function countAccounts(db: AccountsDb, filter: AccountFilter): Promise<number> {
  const { count } = await db
    .selectFrom('account')
    .select((select) => select.fn.countAll().as('count'))
    .where((is) => matches(is, filter))
    .executeTakeFirstOrThrow()
  return Number(count)
}

type Is = ExpressionBuilder<AccountsTables, 'account'>

function matches(is: Is, { search, role, blocked, now }: AccountFilter) {
  const conditions = []
  if (role !== undefined) conditions.push(is('role', '=', role))
  if (blocked !== undefined) {
    conditions.push(blocked ? isBlocked(is, now) : is.not(isBlocked(is, now)))
  }
  if (search !== undefined) {
    const pattern = `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
    conditions.push(
      is.or([
        sql<boolean>`${is.ref('usernameKey')} like ${pattern} escape '\\'`,
        sql<boolean>`${is.ref('email')} like ${pattern} escape '\\'`,
      ]),
    )
  }
  return is.and(conditions)
}

function isBlocked(is: Is, now: string) {
  // Neither comparison is ever null, so that its opposite is true where it is false.
  return is.and([
    is('blockedAt', 'is not', null),
    is.or([
      is('blockedUntil', 'is', null),
      is.and([is('blockedUntil', 'is not', null), is('blockedUntil', '>', now)]),
    ]),
  ])
}
