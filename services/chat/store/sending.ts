import { prepared } from '../../../kit/db/prepared.ts'
import type { ChatDb, ChatTables, ChatTx } from '../tables.ts'

/** Takes the next place in a conversation; nobody else changes it until the transaction ends. */
export const claimSeq = prepared((db: ChatDb, value: { conversationId: string; now: string }) =>
  db
    .updateTable('conversation')
    .set((eb) => ({
      lastSeq: eb('lastSeq', '+', 1),
      version: eb('version', '+', 1),
      activeAt: value.now,
    }))
    .where('id', '=', value.conversationId)
    .returning(['lastSeq as seq', 'version', 'pair']),
)

/**
 * Counts a message for its sender, if the sender is in the conversation, has not sent it before,
 * and neither of two has blocked the other.
 */
export const countSent = prepared(
  (
    db: ChatDb,
    value: { conversationId: string; senderId: string; uuid: string; pair: string | null },
  ) =>
    db
      .updateTable('participant')
      .set((eb) => ({ sent: eb('sent', '+', 1) }))
      .where('conversationId', '=', value.conversationId)
      .where('userId', '=', value.senderId)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('message')
              .select('message.position')
              .where('message.senderId', '=', value.senderId)
              .where('message.uuid', '=', value.uuid),
          ),
        ),
      )
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('block').select('block.pair').where('block.pair', '=', value.pair))),
      )
      .returning('sent'),
)

type NewMessage = Omit<
  ChatTables['message'],
  'position' | 'reactions' | 'editedAt' | 'deletedAt' | 'firstVersion'
>

/** Answers with nothing when the sender has just sent the same `uuid` to another conversation. */
export const insertMessage = prepared((db: ChatDb, value: NewMessage) =>
  db
    .insertInto('message')
    .values({
      conversationId: value.conversationId,
      seq: value.seq,
      version: value.version,
      firstVersion: value.version,
      senderId: value.senderId,
      uuid: value.uuid,
      content: value.content,
      replySeq: value.replySeq,
      createdAt: value.createdAt,
    })
    .onConflict((conflict) => conflict.columns(['senderId', 'uuid']).doNothing())
    .returning('position'),
)

/** Gives back the place that `claimSeq` took in the same transaction. */
export async function releaseSeq(tx: ChatTx, conversationId: string): Promise<void> {
  await tx
    .updateTable('conversation')
    .set((eb) => ({
      lastSeq: eb('lastSeq', '-', 1),
      version: eb('version', '-', 1),
      activeAt: eb.fn.coalesce(
        eb
          .selectFrom('message')
          .select('message.createdAt')
          .whereRef('message.conversationId', '=', 'conversation.id')
          .where('message.seq', '=', eb('conversation.lastSeq', '-', 1)),
        'conversation.createdAt',
      ),
    }))
    .where('id', '=', conversationId)
    .execute()
}

export async function findSent(db: ChatDb, senderId: string, uuid: string) {
  const [row] = await selectSent(db, { senderId, uuid })
  return row
}

const selectSent = prepared((db: ChatDb, value: { senderId: string; uuid: string }) =>
  db
    .selectFrom('message')
    .select(['uuid', 'conversationId', 'seq', 'firstVersion as version', 'createdAt'])
    .where('senderId', '=', value.senderId)
    .where('uuid', '=', value.uuid),
)
