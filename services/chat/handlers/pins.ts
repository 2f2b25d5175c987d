import type { chat } from '../../../contracts/chat.ts'
import { isTuple, readCursor, toPage } from '../../../kit/page.ts'
import type { Handlers } from '../../../kit/service.ts'
import { getParticipant, lockFor } from '../access.ts'
import { type ChatDeps, type ChatTx, fail } from '../deps.ts'
import { toMessage } from '../rows.ts'
import { readMessageId } from '../rules.ts'
import { recordChange } from '../store/conversations.ts'
import * as store from '../store/messages.ts'

const pinsAtMost = 10

export function createPinHandlers({
  db,
  outbox,
}: ChatDeps): Pick<Handlers<typeof chat>, 'pinMessage' | 'unpinMessage' | 'listPinned'> {
  async function lockToPin(tx: ChatTx, conversationId: string, userId: string) {
    const locked = await lockFor(tx, conversationId, userId)
    const { conversation, participant } = locked
    if (conversation.type === 'group' && !participant.admin) throw fail('not_admin')
    return locked
  }

  return {
    async pinMessage({ conversationId, messageId }, call) {
      const { id: userId } = call.actor
      await db.transaction().execute(async (tx) => {
        const { conversation, participant } = await lockToPin(tx, conversationId, userId)
        const place = placeIn(conversationId, messageId)
        const message = place && (await store.findMessage(tx, place))
        if (!message || message.seq <= participant.clearedSeq) throw fail('message_not_found')
        if (message.deletedAt !== null) throw fail('message_deleted')
        const pins = await store.listPins(tx, [conversationId])
        if (pins.some(({ seq }) => seq === message.seq)) return
        if (pins.length >= pinsAtMost) {
          throw fail('too_many_pins', `At most ${pinsAtMost} messages are pinned.`)
        }

        await store.insertPin(tx, message)
        const { version } = await recordChange(tx, conversation, { header: true })
        const pinned = { conversationId, version, messageId, userId }
        await outbox.add(tx, 'messagePinned', pinned, call)
      })
      return {}
    },

    async unpinMessage({ conversationId, messageId }, call) {
      const { id: userId } = call.actor
      await db.transaction().execute(async (tx) => {
        const { conversation } = await lockToPin(tx, conversationId, userId)
        const place = placeIn(conversationId, messageId)
        if (!place || !(await store.deletePin(tx, place))) return
        const { version } = await recordChange(tx, conversation, { header: true })
        const unpinned = { conversationId, version, messageId, userId }
        await outbox.add(tx, 'messageUnpinned', unpinned, call)
      })
      return {}
    },

    async listPinned({ conversationId, limit, count, cursor }, call) {
      const { clearedSeq } = await getParticipant(db, conversationId, call.actor.id)
      const request = { limit, cursor: readCursor(cursor, isTuple(['number'])) }
      const rows = await store.listPinned(db, { conversationId, clearedSeq }, request)
      return {
        ...toPage(rows, request, (row): store.PinPosition => [row.pinPosition], toMessage),
        ...(count && { count: await store.countPinned(db, { conversationId, clearedSeq }) }),
      }
    },
  }
}

function placeIn(conversationId: string, messageId: string): store.Place | undefined {
  const place = readMessageId(messageId)
  return place?.conversationId === conversationId ? place : undefined
}
