import type { chat } from '../../../contracts/chat.ts'
import type { Reaction } from '../../../contracts/chat-shapes.ts'
import type { Handlers } from '../../../kit/service.ts'
import { demandUnblocked, lockMessage } from '../access.ts'
import { type ChatDeps, type ChatTx, fail, type Origin } from '../deps.ts'
import { readReactions, toMessage } from '../rows.ts'
import { messageIdOf } from '../rules.ts'
import { recordChange } from '../store/conversations.ts'
import { updateMessage } from '../store/messages.ts'
import type { ConversationRow, MessageRow } from '../tables.ts'

/** Different emojis that one message carries at most. */
const emojisAtMost = 50

type Change = {
  conversation: ConversationRow
  message: MessageRow
  userId: string
  emoji: string
  reactions: Reaction[]
}

export function createReactionHandlers({
  db,
  outbox,
}: ChatDeps): Pick<Handlers<typeof chat>, 'addReaction' | 'removeReaction'> {
  async function store(
    tx: ChatTx,
    event: 'reactionAdded' | 'reactionRemoved',
    { conversation, message, userId, emoji, reactions }: Change,
    call: Origin,
  ) {
    const { version } = await recordChange(tx, conversation)
    const changes = {
      version,
      reactions: reactions.length > 0 ? JSON.stringify(reactions) : null,
    }
    await updateMessage(tx, message, changes)
    const { conversationId } = message
    const messageId = messageIdOf(message)
    await outbox.add(tx, event, { conversationId, version, messageId, userId, emoji }, call)
    return toMessage({ ...message, ...changes })
  }

  return {
    addReaction({ messageId, emoji }, call) {
      const { id: userId } = call.actor
      return db.transaction().execute(async (tx) => {
        const { conversation, message } = await lockMessage(tx, messageId, userId)
        if (message.deletedAt !== null) throw fail('message_deleted')
        await demandUnblocked(tx, conversation)
        const before = readReactions(message)
        const same = before.find((reaction) => reaction.emoji === emoji)
        if (same?.userIds.includes(userId)) return toMessage(message)
        if (!same && before.length >= emojisAtMost) throw fail('too_many_reactions')

        const reactions = same
          ? before.map((one) => (one === same ? { emoji, userIds: [...one.userIds, userId] } : one))
          : [...before, { emoji, userIds: [userId] }]
        const change = { conversation, message, userId, emoji, reactions }
        return store(tx, 'reactionAdded', change, call)
      })
    },

    removeReaction({ messageId, emoji }, call) {
      const { id: userId } = call.actor
      return db.transaction().execute(async (tx) => {
        const { conversation, message } = await lockMessage(tx, messageId, userId)
        const before = readReactions(message)
        const same = before.find((reaction) => reaction.emoji === emoji)
        if (!same?.userIds.includes(userId)) return toMessage(message)

        const reactions = before
          .map((one) =>
            one === same ? { emoji, userIds: one.userIds.filter((id) => id !== userId) } : one,
          )
          .filter(({ userIds }) => userIds.length > 0)
        const change = { conversation, message, userId, emoji, reactions }
        return store(tx, 'reactionRemoved', change, call)
      })
    },
  }
}
