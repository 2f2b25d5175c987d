import type {
  Conversation,
  ConversationHeader,
  ConversationState,
  Member,
  Message,
  Reaction,
} from '../../contracts/chat-shapes.ts'
import type { PersonSummary } from '../../contracts/users.ts'
import { countUnread, isArchived, isMuted, messageIdOf, otherOf, previewOf } from './rules.ts'
import type { OwnRow } from './store/conversations.ts'
import type { ConversationRow, MessageRow, ParticipantRow } from './tables.ts'

export function toMessage(row: MessageRow): Message {
  return {
    id: messageIdOf(row),
    uuid: row.uuid,
    conversationId: row.conversationId,
    seq: row.seq,
    version: row.version,
    senderId: row.senderId,
    content: row.content,
    replyTo:
      row.replySeq === null
        ? null
        : messageIdOf({ conversationId: row.conversationId, seq: row.replySeq }),
    reactions: readReactions(row),
    createdAt: row.createdAt,
    editedAt: row.editedAt,
    deletedAt: row.deletedAt,
  }
}

export function readReactions({ reactions }: Pick<MessageRow, 'reactions'>): Reaction[] {
  return reactions === null ? [] : JSON.parse(reactions)
}

export function toHeader(row: ConversationRow, pinned: string[]): ConversationHeader {
  return {
    id: row.id,
    type: row.type,
    name: row.name,
    description: row.description,
    avatar: row.avatar,
    createdBy: row.createdBy,
    createdAt: row.createdAt,
    memberCount: row.memberCount,
    pinned,
  }
}

export function toState(row: OwnRow, now: string): ConversationState {
  const muted = isMuted(row, now)
  return {
    admin: row.admin === 1,
    readSeq: row.readSeq,
    clearedSeq: row.clearedSeq,
    unread: countUnread(row),
    mentions: Number(row.mentions),
    muted,
    mutedUntil: muted ? row.mutedUntil : null,
    archived: isArchived(row, now),
    pinned: row.pinned === 1,
  }
}

export function toConversation(
  row: OwnRow,
  {
    userId,
    now,
    pinned,
    people,
  }: {
    userId: string
    now: string
    pinned: string[]
    people: ReadonlyMap<string, PersonSummary>
  },
): Conversation {
  return {
    ...toHeader(row, pinned),
    person: row.pair === null ? null : (people.get(otherOf(row.pair, userId)) ?? null),
    seq: row.lastSeq,
    version: row.version,
    activeAt: row.activeAt,
    lastMessage:
      row.messageSeq === null || row.senderId === null || row.sentAt === null
        ? null
        : {
            id: messageIdOf({ conversationId: row.id, seq: row.messageSeq }),
            seq: row.messageSeq,
            senderId: row.senderId,
            preview: previewOf(row.content ?? ''),
            deleted: row.messageDeletedAt !== null,
            createdAt: row.sentAt,
          },
    own: toState(row, now),
  }
}

export function toMember(row: ParticipantRow): Member {
  return {
    userId: row.userId,
    admin: row.admin === 1,
    joinedAt: row.joinedAt,
    readSeq: row.receiptSeq,
  }
}
