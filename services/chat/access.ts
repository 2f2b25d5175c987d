import { type ChatDeps, type ChatTx, fail } from './deps.ts'
import { readMessageId } from './rules.ts'
import { lockConversation } from './store/conversations.ts'
import { findMessage } from './store/messages.ts'
import { findParticipant, isBlocked } from './store/participants.ts'
import type { ConversationRow, MessageRow, ParticipantRow } from './tables.ts'

type Locked = { conversation: ConversationRow; participant: ParticipantRow }

/** The caller's place in a conversation; to anybody else there is no such conversation. */
export async function getParticipant(
  db: ChatDeps['db'],
  conversationId: string,
  userId: string,
): Promise<ParticipantRow> {
  const participant = await findParticipant(db, { conversationId, userId })
  if (!participant) throw fail('conversation_not_found')
  return participant
}

/** Begins a change by a member: nobody else changes the conversation until it is done. */
export async function lockFor(tx: ChatTx, conversationId: string, userId: string): Promise<Locked> {
  const conversation = await lockConversation(tx, conversationId)
  if (!conversation) throw fail('conversation_not_found')
  return { conversation, participant: await getParticipant(tx, conversationId, userId) }
}

/** Begins a change that only admins of a group make. */
export async function lockAsAdmin(
  tx: ChatTx,
  conversationId: string,
  userId: string,
): Promise<Locked> {
  const locked = await lockFor(tx, conversationId, userId)
  if (locked.conversation.type !== 'group') throw fail('not_a_group')
  if (!locked.participant.admin) throw fail('not_admin')
  return locked
}

/** Begins a change of a message by somebody who can see it. */
export async function lockMessage(
  tx: ChatTx,
  messageId: string,
  userId: string,
): Promise<Locked & { message: MessageRow }> {
  const { participant, ...locked } = await lockAnyMessage(tx, messageId, userId)
  if (!participant) throw fail('message_not_found')
  return { ...locked, participant }
}

/** As `lockMessage`, but by anybody: `participant` is missing to whom cannot see the message. */
export async function lockAnyMessage(tx: ChatTx, messageId: string, userId: string) {
  const place = readMessageId(messageId)
  const conversation = place && (await lockConversation(tx, place.conversationId))
  const message = conversation && (await findMessage(tx, place))
  if (!message) throw fail('message_not_found')
  const participant = await findParticipant(tx, { conversationId: conversation.id, userId })
  const visible = participant && message.seq > participant.clearedSeq
  return { conversation, message, participant: visible ? participant : undefined }
}

/** Refuses to carry anything between two people of whom one has blocked the other. */
export async function demandUnblocked(tx: ChatTx, { pair }: ConversationRow): Promise<void> {
  if (pair !== null && (await isBlocked(tx, pair))) throw fail('blocked')
}
