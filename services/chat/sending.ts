import type { SentMessage } from '../../contracts/chat-shapes.ts'
import { type ChatDeps, type ChatTx, fail, type Origin } from './deps.ts'
import { mentionedIn, messageIdOf, pairOf, previewOf, readMessageId } from './rules.ts'
import { insertMentions } from './store/messages.ts'
import { findParticipant, listBlockedPairs, listMembersAmong } from './store/participants.ts'
import * as store from './store/sending.ts'

export type Draft = {
  uuid: string
  conversationId: string
  senderId: string
  content: string
  replyTo?: string | undefined
}

export type Sending = ReturnType<typeof createSending>

/** Stores messages: the same for people, bots and bridges. */
export function createSending({ outbox }: Pick<ChatDeps, 'outbox'>) {
  /** Tells members that they are mentioned, but nobody who was before or has blocked the sender. */
  async function mention(
    tx: ChatTx,
    message: { conversationId: string; senderId: string; seq: number; content: string },
    before: readonly string[],
    origin: Origin,
  ): Promise<void> {
    const { conversationId, senderId, seq, content } = message
    const named = mentionedIn(content).filter((userId) => userId !== senderId)
    if (named.length === 0) return
    const members = await listMembersAmong(tx, conversationId, named)
    const blocked = await listBlockedPairs(
      tx,
      members.map(({ userId }) => pairOf(userId, senderId)),
    )
    const told = members.filter(({ userId }) => !blocked.has(pairOf(userId, senderId)))
    const unread = told.filter(({ readSeq }) => readSeq < seq)
    await insertMentions(
      tx,
      unread.map(({ userId }) => ({ userId, conversationId, seq })),
    )
    const messageId = messageIdOf(message)
    const preview = previewOf(content)
    for (const { userId } of told.filter((member) => !before.includes(member.userId))) {
      const mentioned = { userId, conversationId, messageId, senderId, preview }
      await outbox.add(tx, 'memberMentioned', mentioned, origin)
    }
  }

  return {
    mention,

    /** Stores a message once for each `uuid` of its sender; a repetition gets the first answer. */
    async send(tx: ChatTx, draft: Draft, origin: Origin): Promise<SentMessage> {
      const { uuid, conversationId, senderId, content } = draft
      const createdAt = new Date().toISOString()
      const [place] = await store.claimSeq(tx, { conversationId, now: createdAt })
      if (!place) throw fail('conversation_not_found')
      const { seq, version, pair } = place
      const [counted] = await store.countSent(tx, { conversationId, senderId, uuid, pair })
      if (!counted) return repeatOrRefuse(tx, draft)
      const replySeq = readReply(draft, seq)
      const message = { uuid, conversationId, seq, version, senderId, content, createdAt }
      const [stored] = await store.insertMessage(tx, { ...message, replySeq })
      if (!stored) throw fail('uuid_used')
      const id = messageIdOf(message)
      const replyTo = draft.replyTo ?? null
      const ready = { ...message, id, replyTo, reactions: [], editedAt: null, deletedAt: null }
      await outbox.add(tx, 'messageReady', ready, origin)
      if (content.includes('@[')) await mention(tx, message, [], origin)
      return { id, uuid, conversationId, seq, version, createdAt }
    },
  }
}

/** The place that a message answers: an earlier one of the same conversation. */
function readReply({ conversationId, replyTo }: Draft, before: number): number | null {
  if (replyTo === undefined) return null
  const place = readMessageId(replyTo)
  if (place?.conversationId !== conversationId || place.seq >= before) {
    throw fail('reply_target_not_found')
  }
  return place.seq
}

async function repeatOrRefuse(
  tx: ChatTx,
  { uuid, conversationId, senderId }: Draft,
): Promise<SentMessage> {
  const first = await store.findSent(tx, senderId, uuid)
  if (first && first.conversationId !== conversationId) throw fail('uuid_used')
  if (first) {
    await store.releaseSeq(tx, conversationId)
    return { ...first, id: messageIdOf(first) }
  }
  const member = await findParticipant(tx, { conversationId, userId: senderId })
  throw fail(member ? 'blocked' : 'conversation_not_found')
}
