import { sql } from 'kysely'
import type { PageRequest } from '../../../kit/page.ts'
import type { UsersDb } from '../tables.ts'

/** Up to so many matches are fetched and sorted; of more, the next one is seldom far in any order. */
const fewMatches = 2_000
const lastCharacter = '\u{10ffff}'

const sortColumns = {
  username: 'usernameKey',
  displayName: 'displayNameKey',
  registeredAt: 'registeredAt',
} as const
export type PeopleSort = keyof typeof sortColumns

export type PeoplePosition = [sort: PeopleSort, value: string, id: string]
export type PeopleFilter = {
  viewerId: string
  /** Part of a name, as name keys are written. */
  search: string | undefined
}
export type PeopleOrder = { sort: PeopleSort; order: 'asc' | 'desc' }

/** Active people whom the viewer may find, in order. */
export async function listPeople(
  db: UsersDb,
  filter: PeopleFilter,
  { sort, order }: PeopleOrder,
  { limit, cursor }: PageRequest<PeoplePosition>,
) {
  const { viewerId } = filter
  const column = sortColumns[sort]
  const descending = (order === 'desc') !== (cursor?.back === true)
  const direction = descending ? 'desc' : 'asc'
  const few = await hasFewMatches(db, filter)
  let query = (few ? matchesById(db, filter) : matchesInOrder(db, filter))
    .select(['id', 'username', 'displayName', 'avatar', 'settings', 'blocked', 'title'])
    .select(['registeredAt', `${column} as value`])
    .where('id', '!=', viewerId)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('block')
            .select('createdAt')
            .where('userId', '=', viewerId)
            .whereRef('blockedId', '=', 'profile.id'),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('block')
            .select('createdAt')
            .where('blockedId', '=', viewerId)
            .whereRef('userId', '=', 'profile.id'),
        ),
      ),
    )
  if (cursor) {
    const [, value, id] = cursor.at
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple(column, 'id'), descending ? '<' : '>', tuple(value, id)),
    )
  }
  return (
    query
      // Rows that are fetched by id are to be sorted: no index shall be walked for their order.
      .orderBy(few ? sql`${sql.ref(column)} || ''` : column, direction)
      .orderBy('id', direction)
      .limit(limit + 1)
      .execute()
  )
}

/** How many people the list has: all matches without those whom the viewer may not find. */
export async function countPeople(db: UsersDb, filter: PeopleFilter): Promise<number> {
  const few = await hasFewMatches(db, filter)
  const [all, hidden] = await Promise.all([
    (few ? matchesById(db, filter) : matchesInOrder(db, filter))
      .select(({ fn }) => fn.countAll().as('count'))
      .executeTakeFirstOrThrow(),
    hiddenMatches(db, filter)
      .select(({ fn }) => fn.countAll().as('count'))
      .executeTakeFirstOrThrow(),
  ])
  return Number(all.count) - Number(hidden.count)
}

/** Whether fetching all matches costs less than looking for some of them in order. */
async function hasFewMatches(db: UsersDb, { search }: PeopleFilter): Promise<boolean> {
  if (search === undefined) return false
  const { count } = await db
    .selectFrom(
      matchingParts(db, search)
        .limit(fewMatches + 1)
        .as('found'),
    )
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count) <= fewMatches
}

function matchingParts(db: UsersDb, search: string) {
  return db
    .selectFrom('namePart')
    .select('userId')
    .where('part', '>=', search)
    .where('part', '<', search + lastCharacter)
}

function matchesById(db: UsersDb, { search = '' }: PeopleFilter) {
  return active(db).where('id', 'in', matchingParts(db, search))
}

function matchesInOrder(db: UsersDb, { search }: PeopleFilter) {
  const query = db.selectFrom('profile').where('blocked', '=', 0)
  return search === undefined ? query : query.where(nameContains(search))
}

function hiddenMatches(db: UsersDb, { viewerId, search }: PeopleFilter) {
  const pairs = db
    .selectFrom('block')
    .select('blockedId as id')
    .where('userId', '=', viewerId)
    .union(db.selectFrom('block').select('userId as id').where('blockedId', '=', viewerId))
  const query = active(db).where(({ eb, or }) =>
    or([eb('id', '=', viewerId), eb('id', 'in', pairs)]),
  )
  return search === undefined ? query : query.where(nameContains(search))
}

/** Active people to be found by id: the plus keeps SQLite from starting with an index by state. */
function active(db: UsersDb) {
  return db.selectFrom('profile').where(sql<number>`+${sql.ref('blocked')}`, '=', 0)
}

function nameContains(search: string) {
  const pattern = `%${search.replace(/[\\%_]/g, '\\$&')}%`
  const contains = (key: string) => sql`${sql.ref(key)} like ${pattern} escape '\\'`
  return sql<boolean>`(${contains('usernameKey')} or ${contains('displayNameKey')})`
}
