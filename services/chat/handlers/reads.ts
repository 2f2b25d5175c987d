import type { chat } from '../../../contracts/chat.ts'
import type { ConversationState } from '../../../contracts/chat-shapes.ts'
import type { Handlers } from '../../../kit/service.ts'
import { lockFor } from '../access.ts'
import type { ChatDeps, ChatTx, Origin } from '../deps.ts'
import { countUnread, isMuted, messageIdOf } from '../rules.ts'
import * as conversations from '../store/conversations.ts'
import * as messages from '../store/messages.ts'
import { updateParticipant } from '../store/participants.ts'
import type { ConversationRow, ParticipantRow } from '../tables.ts'
import { type Behalf, getState } from '../views.ts'

/** Conversations that one transaction marks as read. */
const markedAtOnce = 50
/** In larger groups, telling everybody what everybody reads would be most of what is told. */
const membersTold = 100

type Reading = {
  conversationId: string
  userId: string
  seq: number
  /** Whether the others learn of it. */
  told: boolean
}

export function createReadHandlers({
  db,
  outbox,
  clients,
}: ChatDeps): Pick<Handlers<typeof chat>, 'markRead' | 'markAllRead' | 'getUnreadCount'> {
  /** Whether a person lets others know what they have read; so it is until they choose. */
  async function tellsReceipts(userId: string, call: Behalf): Promise<boolean> {
    const { people } = await clients.users.getSettingsOf({ userIds: [userId] }, call)
    return people[0]?.settings.readReceipts ?? true
  }

  async function readUpTo(
    tx: ChatTx,
    { conversationId, userId, seq, told }: Reading,
    call: Origin,
  ): Promise<ConversationState> {
    const { conversation, participant } = await lockFor(tx, conversationId, userId)
    const readSeq = Math.min(seq, conversation.lastSeq)
    if (readSeq <= participant.readSeq) return getState(tx, conversationId, userId)

    const readSent = await countReadSent(tx, conversation, participant, readSeq)
    await updateParticipant(tx, participant, { readSeq, readSent })
    await messages.deleteReadMentions(tx, { userId, conversationId, seq: readSeq })
    if (told && conversation.memberCount > membersTold) {
      await updateParticipant(tx, participant, { receiptSeq: readSeq })
    } else if (told) {
      const { version } = await conversations.recordChange(tx, conversation)
      const receipt = { receiptSeq: readSeq, receiptVersion: version }
      await updateParticipant(tx, participant, receipt)
      const messageId = messageIdOf({ conversationId, seq: readSeq })
      const read = { conversationId, version, userId, seq: readSeq, messageId }
      await outbox.add(tx, 'messagesRead', read, call)
    }
    const own = await getState(tx, conversationId, userId)
    await outbox.add(tx, 'conversationStateChanged', { conversationId, userId, own }, call)
    return own
  }

  return {
    async markRead({ conversationId, seq }, call) {
      const { id: userId } = call.actor
      const told = await tellsReceipts(userId, call)
      const reading = { conversationId, userId, seq, told }
      return db.transaction().execute((tx) => readUpTo(tx, reading, call))
    },

    async markAllRead(_, call) {
      const { id: userId } = call.actor
      const told = await tellsReceipts(userId, call)
      const unread = await conversations.listUnread(db, userId)
      for (let start = 0; start < unread.length; start += markedAtOnce) {
        const some = unread.slice(start, start + markedAtOnce)
        await db.transaction().execute(async (tx) => {
          const still = await conversations.listIdsOf(tx, userId, {
            among: some.map(({ id }) => id),
          })
          // In one order for everybody, so that no two of these wait for each other.
          for (const conversationId of still.sort()) {
            const seq = Number.MAX_SAFE_INTEGER
            await readUpTo(tx, { conversationId, userId, seq, told }, call)
          }
        })
      }
      return {}
    },

    async getUnreadCount(_, call) {
      const { id: userId } = call.actor
      const now = new Date().toISOString()
      const totals = { unread: 0, muted: 0 }
      for (const row of await conversations.listUnread(db, userId)) {
        totals[isMuted(row, now) ? 'muted' : 'unread'] += countUnread(row)
      }
      return { ...totals, mentions: await conversations.countMentions(db, userId) }
    },
  }
}

/**
 * How many of the messages up to `readSeq` are the member's own: counted from the nearer end, so
 * that reading on costs what was read, and reading all of a long conversation costs nothing.
 */
async function countReadSent(
  tx: ChatTx,
  { id: conversationId, lastSeq }: ConversationRow,
  { userId: senderId, readSeq: before, readSent, sent }: ParticipantRow,
  readSeq: number,
): Promise<number> {
  const range = { conversationId, senderId }
  return readSeq - before < lastSeq - readSeq
    ? readSent + (await messages.countSentBetween(tx, { ...range, after: before, upTo: readSeq }))
    : sent - (await messages.countSentBetween(tx, { ...range, after: readSeq, upTo: lastSeq }))
}
