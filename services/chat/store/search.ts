import { forChange } from '../../../kit/db/dialect.ts'
import { findSettled } from '../../../kit/db/positions.ts'
import { prepared } from '../../../kit/db/prepared.ts'
import { textIndex } from '../../../kit/db/text-index.ts'
import type { ChatDb, ChatTx, MessageRow } from '../tables.ts'

/** The terms of messages by position; `folding.ts` makes them. */
export const messageTerms = textIndex('message_search')

export type IndexedMessage = Pick<
  MessageRow,
  'position' | 'conversationId' | 'content' | 'deletedAt'
>

const indexed = ['position', 'conversationId', 'content', 'deletedAt'] as const

/** Reads the message up to which all are indexed; until the transaction ends nobody else indexes. */
export async function lockCursor(tx: ChatTx): Promise<number> {
  const { position } = await tx
    .selectFrom('searchCursor')
    .select('position')
    .$call(forChange(tx))
    .executeTakeFirstOrThrow()
  return position
}

export async function saveCursor(tx: ChatTx, position: number): Promise<void> {
  await tx.updateTable('searchCursor').set({ position }).execute()
}

/** Whether any message is to be indexed, for the first time or again. */
export async function hasWork(db: ChatDb): Promise<boolean> {
  const [work] = await selectWork(db, {})
  return work !== undefined
}

const selectWork = prepared((db: ChatDb, _: object) =>
  db
    .selectFrom('searchCursor as s')
    .select('s.position')
    .where((eb) =>
      eb.or([
        eb.exists(
          eb
            .selectFrom('message')
            .select('message.position')
            .whereRef('message.position', '>', 's.position'),
        ),
        eb.exists(eb.selectFrom('searchTask').select('searchTask.position')),
      ]),
    ),
)

/** Messages that nobody has indexed yet, in the order in which they came; none is ever skipped. */
export async function listNew(tx: ChatTx, after: number, limit: number) {
  const upTo = await findSettled(tx, 'message')
  return selectNew(tx, { after, upTo, limit })
}

const selectNew = prepared((db: ChatDb, value: { after: number; upTo: number; limit: number }) =>
  db
    .selectFrom('message')
    .select(indexed)
    .where('position', '>', value.after)
    .where('position', '<=', value.upTo)
    .orderBy('position')
    .limit(value.limit),
)

/** Asks for a message to be indexed again; nothing to do where it has not been yet. */
export async function insertTask(tx: ChatTx, position: number): Promise<void> {
  await tx
    .insertInto('searchTask')
    .values({ position })
    // An update and not nothing, so that a task that is just being taken is not missed.
    .onConflict((conflict) => conflict.column('position').doUpdateSet({ position }))
    .execute()
}

/** Takes the next task off the list, and reads its message after that. */
export async function takeTask(tx: ChatTx): Promise<IndexedMessage | undefined> {
  const task = await tx
    .selectFrom('searchTask')
    .select('position')
    .orderBy('position')
    .limit(1)
    .executeTakeFirst()
  if (!task) return undefined
  await tx.deleteFrom('searchTask').where('position', '=', task.position).execute()
  return tx
    .selectFrom('message')
    .select(indexed)
    .where('position', '=', task.position)
    .executeTakeFirst()
}

export type FoundFilter = {
  positions: readonly number[]
  userId: string
  conversationId: string | undefined
  from: string | undefined
  to: string | undefined
}

/** Those of some messages that a person may see, and that the other conditions allow. */
export async function listFound(db: ChatDb, filter: FoundFilter): Promise<MessageRow[]> {
  let query = db
    .selectFrom('message as m')
    .selectAll('m')
    .where('m.position', 'in', filter.positions)
    .where('m.deletedAt', 'is', null)
    // Not a join, so that the few messages come first and not the person's many conversations.
    .where('m.seq', '>', (eb) =>
      eb
        .selectFrom('participant as p')
        .select('p.clearedSeq')
        .whereRef('p.conversationId', '=', 'm.conversationId')
        .where('p.userId', '=', filter.userId),
    )
  if (filter.conversationId !== undefined) {
    query = query.where('m.conversationId', '=', filter.conversationId)
  }
  if (filter.from !== undefined) query = query.where('m.createdAt', '>=', filter.from)
  if (filter.to !== undefined) query = query.where('m.createdAt', '<', filter.to)
  return query.execute()
}

/** The first message at or after a position. */
export const findAt = prepared((db: ChatDb, value: { position: number }) =>
  db
    .selectFrom('message')
    .select(['position', 'createdAt'])
    .where('position', '>=', value.position)
    .orderBy('position')
    .limit(1),
)

export async function findLastPosition(db: ChatDb): Promise<number> {
  const row = await db
    .selectFrom('message')
    .select('position')
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.position ?? 0
}

/** Takes some messages of a conversation that nobody is in any more out of the store. */
export async function eraseMessages(
  tx: ChatTx,
  conversationId: string,
  limit: number,
): Promise<number[]> {
  const rows = await tx
    .deleteFrom('message')
    .where('position', 'in', (query) =>
      query
        .selectFrom('message')
        .select('position')
        .where('conversationId', '=', conversationId)
        .orderBy('seq')
        .limit(limit),
    )
    .returning('position')
    .execute()
  const positions = rows.map(({ position }) => position)
  if (positions.length > 0) {
    await tx.deleteFrom('searchTask').where('position', 'in', positions).execute()
  }
  return positions
}
