import type { PageRequest } from '../../../kit/page.ts'
import type { UsersDb, UsersTables } from '../tables.ts'
import { preparedForIds } from './ids.ts'

type BlockRow = UsersTables['block']

export type BlockPosition = [createdAt: string, blockedId: string]

/** Blocks somebody unless that is so already; answers whether it did. */
export async function insertBlock(tx: UsersDb, row: BlockRow): Promise<boolean> {
  const rows = await tx
    .insertInto('block')
    .values(row)
    .onConflict((conflict) => conflict.columns(['userId', 'blockedId']).doNothing())
    .returning('blockedId')
    .execute()
  return rows.length > 0
}

/** Ends a block; answers whether there was one. */
export async function deleteBlock(
  tx: UsersDb,
  userId: string,
  blockedId: string,
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('block')
    .where('userId', '=', userId)
    .where('blockedId', '=', blockedId)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

export async function findBlock(db: UsersDb, userId: string, blockedId: string) {
  return db
    .selectFrom('block')
    .selectAll()
    .where('userId', '=', userId)
    .where('blockedId', '=', blockedId)
    .executeTakeFirst()
}

export async function listBlocked(
  db: UsersDb,
  userId: string,
  { limit, cursor }: PageRequest<BlockPosition>,
) {
  let query = db
    .selectFrom('block')
    .innerJoin('profile', 'profile.id', 'block.blockedId')
    .select(['profile.id', 'username', 'displayName', 'avatar', 'settings', 'blocked'])
    .select('block.createdAt')
    .where('block.userId', '=', userId)
  if (cursor) {
    const [createdAt, blockedId] = cursor.at
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(
        refTuple('block.createdAt', 'block.blockedId'),
        cursor.back ? '>' : '<',
        tuple(createdAt, blockedId),
      ),
    )
  }
  const direction = cursor?.back ? 'asc' : 'desc'
  return query
    .orderBy('block.createdAt', direction)
    .orderBy('block.blockedId', direction)
    .limit(limit + 1)
    .execute()
}

export async function countBlocked(db: UsersDb, userId: string): Promise<number> {
  const { count } = await db
    .selectFrom('block')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('userId', '=', userId)
    .executeTakeFirstOrThrow()
  return Number(count)
}

const selectBlocksBetween = preparedForIds((db: UsersDb, { userId }: { userId: string }, others) =>
  db
    .selectFrom('block')
    .select('blockedId as id')
    .where('userId', '=', userId)
    .where('blockedId', 'in', others)
    .union(
      db
        .selectFrom('block')
        .select('userId as id')
        .where('blockedId', '=', userId)
        .where('userId', 'in', others),
    ),
)

/** Those of several people who have blocked a person or are blocked by the person. */
export async function listBlocksBetween(
  db: UsersDb,
  userId: string,
  others: readonly string[],
): Promise<string[]> {
  const rows = await selectBlocksBetween(db, { userId }, others)
  return rows.map(({ id }) => id)
}
