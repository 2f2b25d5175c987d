import type { ExpressionBuilder } from 'kysely'
import type { Flag } from '../../../kit/db/columns.ts'
import { prepared } from '../../../kit/db/prepared.ts'
import type { PageRequest } from '../../../kit/page.ts'
import type { ChatDb, ChatTables, ChatTx, ConversationRow } from '../tables.ts'

export type OwnPosition = [pinned: number, activeAt: string, id: string]

/** Stores a conversation, unless its two people have one already. */
export async function insertConversation(tx: ChatTx, row: ConversationRow): Promise<boolean> {
  const rows = await tx
    .insertInto('conversation')
    .values(row)
    .onConflict((conflict) => conflict.column('pair').doNothing())
    .returning('id')
    .execute()
  return rows.length > 0
}

export async function getIdOfPair(db: ChatDb, pair: string): Promise<string> {
  const query = db.selectFrom('conversation').select('id').where('pair', '=', pair)
  return (await query.executeTakeFirstOrThrow()).id
}

/** What a member's typing needs to know of a conversation, read at every keystroke or so. */
export const findTyped = prepared((db: ChatDb, value: { conversationId: string; userId: string }) =>
  db
    .selectFrom('participant as p')
    .innerJoin('conversation as c', 'c.id', 'p.conversationId')
    .leftJoin('block as b', 'b.pair', 'c.pair')
    .select('b.pair as blockedPair')
    .where('p.conversationId', '=', value.conversationId)
    .where('p.userId', '=', value.userId),
)

/** Keeps others from changing a conversation until the transaction ends, and reads it. */
export async function lockConversation(
  tx: ChatTx,
  id: string,
): Promise<ConversationRow | undefined> {
  const [row] = await lock(tx, { id })
  return row
}

const lock = prepared((db: ChatDb, value: { id: string }) =>
  db
    .updateTable('conversation')
    .set((eb) => ({ version: eb.ref('version') }))
    .where('id', '=', value.id)
    .where('deletedAt', 'is', null)
    .returningAll(),
)

/** Counts one more change of a locked conversation, and stores what it changes of its row. */
export async function recordChange(
  tx: ChatTx,
  conversation: ConversationRow,
  changes: Partial<ConversationRow> & { header?: true; members?: true } = {},
): Promise<ConversationRow> {
  const { header, members, ...columns } = changes
  const version = conversation.version + 1
  const changed = {
    ...columns,
    version,
    ...(header && { headerVersion: version }),
    ...(members && { membersVersion: version }),
  }
  await tx.updateTable('conversation').set(changed).where('id', '=', conversation.id).execute()
  return { ...conversation, ...changed }
}

export type OwnFilter = { userId: string; archived: boolean; now: string }

/** The conversations on a person's list: the pinned ones first, of each the latest activity. */
export async function listOwn(
  db: ChatDb,
  filter: OwnFilter,
  { limit, cursor }: PageRequest<OwnPosition>,
) {
  const order = cursor?.back ? 'asc' : 'desc'
  let query = selectListed(db, filter)
    .select(['p.pinned', 'c.id', 'c.activeAt'])
    .orderBy('p.pinned', order)
    .orderBy('c.activeAt', order)
    .orderBy('c.id', order)
    .limit(limit + 1)
  if (cursor) {
    const [pinned, activeAt, id] = cursor.at
    const at: [Flag, string, string] = [pinned === 0 ? 0 : 1, activeAt, id]
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('p.pinned', 'c.activeAt', 'c.id'), cursor.back ? '>' : '<', tuple(...at)),
    )
  }
  return query.execute()
}

export async function countOwn(db: ChatDb, filter: OwnFilter): Promise<number> {
  const { count } = await selectListed(db, filter)
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

function selectListed(db: ChatDb, { userId, archived, now }: OwnFilter) {
  return db
    .selectFrom('participant as p')
    .innerJoin('conversation as c', 'c.id', 'p.conversationId')
    .where('p.userId', '=', userId)
    .where((eb) =>
      eb.or([eb('p.hiddenSeq', 'is', null), eb('c.lastSeq', '>', eb.ref('p.hiddenSeq'))]),
    )
    .where((eb) => {
      const muted = eb.and([
        eb('p.muted', '=', 1),
        eb.or([eb('p.mutedUntil', 'is', null), eb('p.mutedUntil', '>', now)]),
      ])
      const isArchived = eb.and([
        eb('p.archivedSeq', 'is not', null),
        eb.or([eb('c.lastSeq', '<=', eb.ref('p.archivedSeq')), muted]),
      ])
      return archived ? isArchived : eb.not(isArchived)
    })
}

export type OwnRow = Awaited<ReturnType<typeof listOwnRows>>[number]

/** All there is to tell one member about some conversations; those of others are left out. */
export async function listOwnRows(db: ChatDb, userId: string, ids: readonly string[]) {
  if (ids.length === 0) return []
  return db
    .selectFrom('participant as p')
    .innerJoin('conversation as c', 'c.id', 'p.conversationId')
    .leftJoin('message as m', (join) =>
      join
        .onRef('m.conversationId', '=', 'c.id')
        .onRef('m.seq', '=', 'c.lastSeq')
        .onRef('m.seq', '>', 'p.clearedSeq'),
    )
    .where('p.userId', '=', userId)
    .where('p.conversationId', 'in', ids)
    .selectAll('c')
    .select([
      'p.admin',
      'p.sent',
      'p.readSeq',
      'p.readSent',
      'p.clearedSeq',
      'p.archivedSeq',
      'p.muted',
      'p.mutedUntil',
      'p.pinned',
      'm.seq as messageSeq',
      'm.senderId',
      'm.content',
      'm.createdAt as sentAt',
      'm.deletedAt as messageDeletedAt',
    ])
    .select((eb) => [
      countDeletedUnread(eb).as('deletedUnread'),
      eb
        .selectFrom('mention')
        .whereRef('mention.userId', '=', 'p.userId')
        .whereRef('mention.conversationId', '=', 'c.id')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .as('mentions'),
    ])
    .execute()
}

/** The conversations that a person is in: some of them, or those among others. */
export async function listIdsOf(
  db: ChatDb,
  userId: string,
  { limit, among }: { limit?: number; among?: readonly string[] } = {},
): Promise<string[]> {
  let query = db.selectFrom('participant').select('conversationId').where('userId', '=', userId)
  if (limit !== undefined) query = query.limit(limit)
  if (among !== undefined) query = query.where('conversationId', 'in', among)
  return (await query.execute()).map(({ conversationId }) => conversationId)
}

/** Where somebody has something unread, and what its count is made of. */
export async function listUnread(db: ChatDb, userId: string) {
  return db
    .selectFrom('participant as p')
    .innerJoin('conversation as c', 'c.id', 'p.conversationId')
    .where('p.userId', '=', userId)
    .whereRef('c.lastSeq', '>', 'p.readSeq')
    .select(['c.id', 'c.lastSeq', 'p.readSeq', 'p.sent', 'p.readSent', 'p.muted', 'p.mutedUntil'])
    .select((eb) => countDeletedUnread(eb).as('deletedUnread'))
    .execute()
}

export async function countMentions(db: ChatDb, userId: string): Promise<number> {
  const { count } = await db
    .selectFrom('mention')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('userId', '=', userId)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Others' messages after `readSeq` that are there no more. */
function countDeletedUnread(eb: ExpressionBuilder<MemberTables, 'p' | 'c'>) {
  return eb
    .selectFrom('message as d')
    .whereRef('d.conversationId', '=', 'c.id')
    .whereRef('d.seq', '>', 'p.readSeq')
    .where('d.deletedAt', 'is not', null)
    .whereRef('d.senderId', '<>', 'p.userId')
    .select(({ fn }) => fn.countAll<number>().as('count'))
}

type MemberTables = ChatTables & { p: ChatTables['participant']; c: ChatTables['conversation'] }

/** A conversation that nobody is in any more, and whose messages are still there. */
export async function findDeleted(db: ChatDb): Promise<string | undefined> {
  const row = await db
    .selectFrom('conversation')
    .select('id')
    .where('deletedAt', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  return row?.id
}

export async function eraseConversation(tx: ChatTx, id: string): Promise<void> {
  await tx.deleteFrom('mention').where('conversationId', '=', id).execute()
  await tx.deleteFrom('pin').where('conversationId', '=', id).execute()
  await tx.deleteFrom('conversation').where('id', '=', id).execute()
}
