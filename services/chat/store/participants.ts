import type { Insertable, Updateable } from 'kysely'
import { prepared } from '../../../kit/db/prepared.ts'
import type { PageRequest } from '../../../kit/page.ts'
import type { ChatDb, ChatTables, ChatTx, ParticipantRow } from '../tables.ts'

export type MemberKey = { conversationId: string; userId: string }
export type MemberPosition = [joinedAt: string, userId: string]

/** Rows of one statement stay below what either database binds at once. */
const insertedAtOnce = 500

type NewParticipant = Pick<
  Insertable<ChatTables['participant']>,
  'conversationId' | 'userId' | 'admin' | 'joinedAt' | 'readSeq'
>

export async function insertParticipants(
  tx: ChatTx,
  rows: readonly NewParticipant[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += insertedAtOnce) {
    const some = rows.slice(start, start + insertedAtOnce).map((row) => ({
      ...row,
      sent: 0,
      readSent: 0,
      receiptSeq: 0,
      receiptVersion: 0,
      clearedSeq: 0,
      muted: 0 as const,
      pinned: 0 as const,
    }))
    await tx.insertInto('participant').values(some).execute()
  }
}

export async function findParticipant(
  db: ChatDb,
  key: MemberKey,
): Promise<ParticipantRow | undefined> {
  const [row] = await selectOne(db, key)
  return row
}

const selectOne = prepared((db: ChatDb, value: MemberKey) =>
  db
    .selectFrom('participant')
    .selectAll()
    .where('conversationId', '=', value.conversationId)
    .where('userId', '=', value.userId),
)

export async function updateParticipant(
  tx: ChatTx,
  { conversationId, userId }: MemberKey,
  changes: Updateable<ChatTables['participant']>,
): Promise<void> {
  await tx
    .updateTable('participant')
    .set(changes)
    .where('conversationId', '=', conversationId)
    .where('userId', '=', userId)
    .execute()
}

export async function deleteParticipant(
  tx: ChatTx,
  { conversationId, userId }: MemberKey,
): Promise<void> {
  await tx
    .deleteFrom('mention')
    .where('userId', '=', userId)
    .where('conversationId', '=', conversationId)
    .execute()
  await tx
    .deleteFrom('participant')
    .where('conversationId', '=', conversationId)
    .where('userId', '=', userId)
    .execute()
}

export async function deleteParticipants(tx: ChatTx, conversationId: string): Promise<string[]> {
  const rows = await tx
    .deleteFrom('participant')
    .where('conversationId', '=', conversationId)
    .returning('userId')
    .execute()
  return rows.map(({ userId }) => userId)
}

export async function listMembers(
  db: ChatDb,
  conversationId: string,
  { limit, cursor }: PageRequest<MemberPosition>,
): Promise<ParticipantRow[]> {
  const order = cursor?.back ? 'desc' : 'asc'
  let query = db
    .selectFrom('participant')
    .selectAll()
    .where('conversationId', '=', conversationId)
    .orderBy('joinedAt', order)
    .orderBy('userId', order)
    .limit(limit + 1)
  if (cursor) {
    const [joinedAt, userId] = cursor.at
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('joinedAt', 'userId'), cursor.back ? '<' : '>', tuple(joinedAt, userId)),
    )
  }
  return query.execute()
}

export async function countMembers(db: ChatDb, conversationId: string): Promise<number> {
  const { memberCount } = await db
    .selectFrom('conversation')
    .select('memberCount')
    .where('id', '=', conversationId)
    .executeTakeFirstOrThrow()
  return memberCount
}

/** How many conversations a person has pinned, this one not counted. */
export async function countOtherPinned(
  db: ChatDb,
  { conversationId, userId }: MemberKey,
): Promise<number> {
  const { count } = await db
    .selectFrom('participant')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('userId', '=', userId)
    .where('conversationId', '<>', conversationId)
    .where('pinned', '=', 1)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Everybody in a conversation, the longest there first. */
export async function listAllMembers(
  db: ChatDb,
  conversationId: string,
): Promise<ParticipantRow[]> {
  return db
    .selectFrom('participant')
    .selectAll()
    .where('conversationId', '=', conversationId)
    .orderBy('joinedAt')
    .orderBy('userId')
    .execute()
}

/** Which of some people are in a conversation, and how far they have read. */
export async function listMembersAmong(
  db: ChatDb,
  conversationId: string,
  userIds: readonly string[],
) {
  if (userIds.length === 0) return []
  return db
    .selectFrom('participant')
    .select(['userId', 'readSeq'])
    .where('conversationId', '=', conversationId)
    .where('userId', 'in', userIds)
    .execute()
}

export async function listReceipts(db: ChatDb, conversationId: string, since: number) {
  return db
    .selectFrom('participant')
    .select(['userId', 'receiptSeq as seq'])
    .where('conversationId', '=', conversationId)
    .where('receiptVersion', '>', since)
    .execute()
}

export async function isBlocked(db: ChatDb, pair: string): Promise<boolean> {
  const query = db.selectFrom('block').select('pair').where('pair', '=', pair).limit(1)
  return (await query.executeTakeFirst()) !== undefined
}

/** Which of some pairs of people one has blocked in the other. */
export async function listBlockedPairs(db: ChatDb, pairs: readonly string[]): Promise<Set<string>> {
  if (pairs.length === 0) return new Set()
  const rows = await db.selectFrom('block').select('pair').where('pair', 'in', pairs).execute()
  return new Set(rows.map(({ pair }) => pair))
}

export async function insertBlock(tx: ChatTx, row: ChatTables['block']): Promise<void> {
  await tx
    .insertInto('block')
    .values(row)
    .onConflict((conflict) => conflict.columns(['blockerId', 'blockedId']).doNothing())
    .execute()
}

export async function deleteBlock(
  tx: ChatTx,
  { blockerId, blockedId }: Pick<ChatTables['block'], 'blockerId' | 'blockedId'>,
): Promise<void> {
  await tx
    .deleteFrom('block')
    .where('blockerId', '=', blockerId)
    .where('blockedId', '=', blockedId)
    .execute()
}
