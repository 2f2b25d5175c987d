import type { Generated, Kysely, Selectable, Transaction } from 'kysely'
import type { Flag } from '../../kit/db/columns.ts'

export type ChatTables = {
  conversation: {
    id: string
    type: 'single' | 'group'
    name: string | null
    description: string | null
    avatar: string | null
    /** Both user ids of a conversation of two, in a fixed order. */
    pair: string | null
    createdBy: string
    createdAt: string
    /** When it was made or the last message came. */
    activeAt: string
    memberCount: number
    lastSeq: number
    version: number
    /** Version at which name, description, avatar or pins changed last. */
    headerVersion: number
    /** Version at which somebody came, went or rose last. */
    membersVersion: number
    /** Nobody is in it any more: its messages are about to be erased. */
    deletedAt: string | null
  }
  participant: {
    conversationId: string
    userId: string
    admin: Flag
    joinedAt: string
    /** How many messages this member has sent here. */
    sent: number
    readSeq: number
    /** How many of the messages up to `readSeq` are this member's own. */
    readSent: number
    /** How far the others know that this member has read. */
    receiptSeq: number
    receiptVersion: number
    /** What is cleared is out of this member's sight. */
    clearedSeq: number
    /** Archived, or off the list, until a message comes after this one. */
    archivedSeq: number | null
    hiddenSeq: number | null
    muted: Flag
    mutedUntil: string | null
    /** On top of this member's list. */
    pinned: Flag
  }
  message: {
    position: Generated<number>
    conversationId: string
    seq: number
    /** Version of its last change, and of its arrival. */
    version: number
    firstVersion: number
    senderId: string
    uuid: string
    content: string
    /** Place of the message that it answers. */
    replySeq: number | null
    /** JSON of `Reaction[]`; nothing when there is none. */
    reactions: string | null
    createdAt: string
    editedAt: string | null
    deletedAt: string | null
  }
  mention: { userId: string; conversationId: string; seq: number }
  pin: { position: Generated<number>; conversationId: string; seq: number }
  block: { blockerId: string; blockedId: string; pair: string }
  /** The message up to which all were indexed when they were new. */
  searchCursor: { id: number; position: number }
  /** Messages whose text changed after they were indexed. */
  searchTask: { position: number }
}

export type ChatDb = Kysely<ChatTables>
export type ChatTx = Transaction<ChatTables>

export type ConversationRow = Selectable<ChatTables['conversation']>
export type ParticipantRow = Selectable<ChatTables['participant']>
export type MessageRow = Selectable<ChatTables['message']>
