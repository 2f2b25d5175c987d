import type { chat } from '../../../contracts/chat.ts'
import { type Cursor, isTuple, readCursor, toPage } from '../../../kit/page.ts'
import type { Handlers } from '../../../kit/service.ts'
import { demandUnblocked, getParticipant, lockAnyMessage, lockMessage } from '../access.ts'
import { type ChatDeps, fail } from '../deps.ts'
import { toMessage } from '../rows.ts'
import { mentionedIn, readMessageId } from '../rules.ts'
import type { Sending } from '../sending.ts'
import { recordChange } from '../store/conversations.ts'
import * as store from '../store/messages.ts'
import { findParticipant } from '../store/participants.ts'
import { insertTask } from '../store/search.ts'
import type { Upkeep } from '../upkeep.ts'

type Operations = 'sendMessage' | 'listMessages' | 'getMessage' | 'editMessage' | 'deleteMessage'

export function createMessageHandlers(
  { db, outbox }: ChatDeps,
  { sending, upkeep }: { sending: Sending; upkeep: Upkeep },
): Pick<Handlers<typeof chat>, Operations> {
  return {
    async sendMessage(input, call) {
      const draft = { ...input, senderId: call.actor.id }
      const sent = await db.transaction().execute((tx) => sending.send(tx, draft, call))
      upkeep.wake()
      return sent
    },

    async listMessages({ conversationId, around, limit, count, cursor: text }, call) {
      const { clearedSeq } = await getParticipant(db, conversationId, call.actor.id)
      const lastSeq = await store.getLastSeq(db, conversationId)
      const cursor =
        readCursor(text, isTuple(['number'])) ?? beginningAround(around, limit, lastSeq)
      const request = { limit, cursor }
      const rows = await store.listMessages(db, { conversationId, clearedSeq }, request)
      return {
        ...toPage(rows, request, ({ seq }): store.SeqPosition => [seq], toMessage),
        ...(count && { count: lastSeq - clearedSeq }),
      }
    },

    async getMessage({ messageId }, call) {
      const { id: userId } = call.actor
      const place = readMessageId(messageId)
      const participant = place && (await findParticipant(db, { ...place, userId }))
      const row = participant && (await store.findMessage(db, place))
      if (!row || row.seq <= participant.clearedSeq) throw fail('message_not_found')
      return toMessage(row)
    },

    async editMessage({ messageId, content }, call) {
      const { id: userId } = call.actor
      const edited = await db.transaction().execute(async (tx) => {
        const { conversation, message } = await lockMessage(tx, messageId, userId)
        if (message.senderId !== userId) throw fail('not_sender')
        if (message.deletedAt !== null) throw fail('message_deleted')
        await demandUnblocked(tx, conversation)
        if (message.content === content) return toMessage(message)

        const { version } = await recordChange(tx, conversation)
        const changes = { content, version, editedAt: new Date().toISOString() }
        await store.updateMessage(tx, message, changes)
        const changed = { ...message, ...changes }
        await insertTask(tx, message.position)
        await outbox.add(tx, 'messageUpdated', toMessage(changed), call)
        await store.deleteMentions(tx, message)
        await sending.mention(tx, changed, mentionedIn(message.content), call)
        return toMessage(changed)
      })
      upkeep.wake()
      return edited
    },

    async deleteMessage({ messageId }, call) {
      const { id: userId, role } = call.actor
      await db.transaction().execute(async (tx) => {
        const { conversation, message, participant } = await lockAnyMessage(tx, messageId, userId)
        const moderates = role !== 'user'
        if (!participant && !moderates) throw fail('message_not_found')
        const own = participant !== undefined && message.senderId === userId
        const administers = participant?.admin === 1
        if (!own && !administers && !moderates) throw fail('not_sender')
        if (message.deletedAt !== null) return

        const conversationId = conversation.id
        const unpinned = await store.deletePin(tx, message)
        const { version } = await recordChange(tx, conversation, unpinned ? { header: true } : {})
        const deletedAt = new Date().toISOString()
        await store.updateMessage(tx, message, {
          version,
          deletedAt,
          content: '',
          reactions: null,
          replySeq: null,
          editedAt: null,
        })
        await store.deleteMentions(tx, message)
        await insertTask(tx, message.position)
        const { seq, senderId } = message
        const deleted = { conversationId, version, messageId, seq, deletedBy: userId, deletedAt }
        await outbox.add(tx, 'messageDeleted', deleted, call)
        if (own || administers) return
        await outbox.add(
          tx,
          'audited',
          {
            action: 'message.deleted',
            outcome: 'success',
            actorId: userId,
            subjectId: messageId,
            ip: call.client.ip.slice(0, 64),
            userAgent: call.client.userAgent.slice(0, 512),
            detail: { conversationId, senderId },
            at: deletedAt,
          },
          call,
        )
      })
      upkeep.wake()
      return {}
    },
  }
}

/** Where to begin so that a message stands in the middle of the page. */
function beginningAround(
  around: number | undefined,
  limit: number,
  lastSeq: number,
): Cursor<store.SeqPosition> | undefined {
  if (around === undefined) return undefined
  const first = around + Math.floor(limit / 2)
  return first < lastSeq ? { at: [first + 1] } : undefined
}
