import type { Updateable } from 'kysely'
import { prepared } from '../../../kit/db/prepared.ts'
import type { Cursor, PageRequest } from '../../../kit/page.ts'
import type { ChatDb, ChatTables, ChatTx, MessageRow } from '../tables.ts'

export type SeqPosition = [seq: number]
export type PinPosition = [position: number]

/** Where a message is: its conversation, and its place there. */
export type Place = { conversationId: string; seq: number }

export async function findMessage(db: ChatDb, place: Place): Promise<MessageRow | undefined> {
  const [row] = await selectMessage(db, place)
  return row
}

const selectMessage = prepared((db: ChatDb, value: Place) =>
  db
    .selectFrom('message')
    .selectAll()
    .where('conversationId', '=', value.conversationId)
    .where('seq', '=', value.seq),
)

/** Messages after `clearedSeq`, the newest first. */
export async function listMessages(
  db: ChatDb,
  { conversationId, clearedSeq }: { conversationId: string; clearedSeq: number },
  { limit, cursor }: PageRequest<SeqPosition>,
): Promise<MessageRow[]> {
  let query = db
    .selectFrom('message')
    .selectAll()
    .where('conversationId', '=', conversationId)
    .where('seq', '>', clearedSeq)
    .orderBy('seq', cursor?.back ? 'asc' : 'desc')
    .limit(limit + 1)
  if (cursor) query = query.where('seq', cursor.back ? '>' : '<', cursor.at[0])
  return query.execute()
}

/** Places are taken without a gap and a deleted message keeps its own: so many came so far. */
export async function getLastSeq(db: ChatDb, conversationId: string): Promise<number> {
  const { lastSeq } = await db
    .selectFrom('conversation')
    .select('lastSeq')
    .where('id', '=', conversationId)
    .executeTakeFirstOrThrow()
  return lastSeq
}

export type ChangesRequest = {
  conversationId: string
  since: number
  upTo: number
  clearedSeq: number
  limit: number
}

/** Messages that changed after a version and up to another, in the order of their last change. */
export const listChanges = prepared((db: ChatDb, value: ChangesRequest) =>
  db
    .selectFrom('message')
    .selectAll()
    .where('conversationId', '=', value.conversationId)
    .where('version', '>', value.since)
    .where('version', '<=', value.upTo)
    .where('seq', '>', value.clearedSeq)
    .orderBy('version')
    .limit(value.limit),
)

/** How many of the messages after `after` and up to `upTo` one member has sent. */
export async function countSentBetween(
  db: ChatDb,
  range: { conversationId: string; senderId: string; after: number; upTo: number },
): Promise<number> {
  const { count } = await db
    .selectFrom('message')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('conversationId', '=', range.conversationId)
    .where('seq', '>', range.after)
    .where('seq', '<=', range.upTo)
    .where('senderId', '=', range.senderId)
    .executeTakeFirstOrThrow()
  return Number(count)
}

export async function updateMessage(
  tx: ChatTx,
  { position }: MessageRow,
  changes: Updateable<ChatTables['message']> & { version: number },
): Promise<void> {
  await tx.updateTable('message').set(changes).where('position', '=', position).execute()
}

// ── Mentions: rows are those not yet read ─────────────────────────────────────────────────

export async function insertMentions(
  tx: ChatTx,
  rows: readonly ChatTables['mention'][],
): Promise<void> {
  if (rows.length > 0) await tx.insertInto('mention').values(rows).execute()
}

export async function deleteMentions(tx: ChatTx, { conversationId, seq }: Place): Promise<void> {
  await tx
    .deleteFrom('mention')
    .where('conversationId', '=', conversationId)
    .where('seq', '=', seq)
    .execute()
}

export async function deleteReadMentions(
  tx: ChatTx,
  { userId, conversationId, seq }: ChatTables['mention'],
): Promise<void> {
  await tx
    .deleteFrom('mention')
    .where('userId', '=', userId)
    .where('conversationId', '=', conversationId)
    .where('seq', '<=', seq)
    .execute()
}

// ── Pins ──────────────────────────────────────────────────────────────────────────────────

export async function listPins(db: ChatDb, conversationIds: readonly string[]) {
  if (conversationIds.length === 0) return []
  return db
    .selectFrom('pin')
    .select(['conversationId', 'seq'])
    .where('conversationId', 'in', conversationIds)
    .orderBy('position', 'desc')
    .execute()
}

export async function insertPin(tx: ChatTx, { conversationId, seq }: Place): Promise<void> {
  await tx.insertInto('pin').values({ conversationId, seq }).execute()
}

export async function deletePin(tx: ChatTx, { conversationId, seq }: Place): Promise<boolean> {
  const rows = await tx
    .deleteFrom('pin')
    .where('conversationId', '=', conversationId)
    .where('seq', '=', seq)
    .returning('position')
    .execute()
  return rows.length > 0
}

export async function listPinned(
  db: ChatDb,
  { conversationId, clearedSeq }: { conversationId: string; clearedSeq: number },
  { limit, cursor }: { limit: number; cursor: Cursor<PinPosition> | undefined },
) {
  let query = db
    .selectFrom('pin')
    .innerJoin('message as m', (join) =>
      join.onRef('m.conversationId', '=', 'pin.conversationId').onRef('m.seq', '=', 'pin.seq'),
    )
    .selectAll('m')
    .select('pin.position as pinPosition')
    .where('pin.conversationId', '=', conversationId)
    .where('m.seq', '>', clearedSeq)
    .orderBy('pin.position', cursor?.back ? 'asc' : 'desc')
    .limit(limit + 1)
  if (cursor) query = query.where('pin.position', cursor.back ? '>' : '<', cursor.at[0])
  return query.execute()
}

export async function countPinned(
  db: ChatDb,
  { conversationId, clearedSeq }: { conversationId: string; clearedSeq: number },
): Promise<number> {
  const { count } = await db
    .selectFrom('pin')
    .innerJoin('message as m', (join) =>
      join.onRef('m.conversationId', '=', 'pin.conversationId').onRef('m.seq', '=', 'pin.seq'),
    )
    .select(({ fn }) => fn.countAll().as('count'))
    .where('pin.conversationId', '=', conversationId)
    .where('m.seq', '>', clearedSeq)
    .executeTakeFirstOrThrow()
  return Number(count)
}
