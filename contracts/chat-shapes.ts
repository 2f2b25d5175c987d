import * as z from 'zod'
import { Id, Timestamp } from './shared.ts'
import { PersonSummary } from './users.ts'

/** Text as people type it: it shows something, and every store can keep it. */
export function typedText(max: number) {
  return z
    .string()
    .max(max)
    .regex(/\S/, 'This says nothing.')
    .refine(isStorable, 'This holds characters that no text has.')
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

export const MessageText = typedText(10_000).describe(
  'What is said; `@[name](userId)` mentions a member',
)

/** One emoji as Unicode recommends it for interchange, whatever it is composed of. */
export const Emoji = z
  .string()
  .max(64)
  .refine((text) => /^\p{RGI_Emoji}$/v.test(text), 'This is not one emoji.')

/** The place of a message in its conversation: 1, 2, 3 … without a gap. */
export const Seq = z.int().min(0)

/** The place of a change among all changes of its conversation: without a gap as well. */
export const Version = z.int().min(0)

export const Reaction = z
  .object({ emoji: z.string(), userIds: z.array(Id) })
  .meta({ id: 'Reaction' })
export type Reaction = z.infer<typeof Reaction>

export const Message = z
  .object({
    id: Id,
    uuid: z.string().describe("The sender's own id of it: a message is stored once for each"),
    conversationId: Id,
    seq: Seq,
    version: Version.describe('Change of the conversation that last touched this message'),
    senderId: Id,
    content: z.string().describe('Empty once the message is deleted'),
    replyTo: Id.nullable(),
    reactions: z.array(Reaction),
    createdAt: Timestamp,
    editedAt: Timestamp.nullable(),
    deletedAt: Timestamp.nullable(),
  })
  .meta({ id: 'Message' })
export type Message = z.infer<typeof Message>

export const SentMessage = Message.pick({
  id: true,
  uuid: true,
  conversationId: true,
  seq: true,
  version: true,
  createdAt: true,
}).meta({ id: 'SentMessage' })
export type SentMessage = z.infer<typeof SentMessage>

/** What is the same for everybody in a conversation, its messages and members aside. */
export const ConversationHeader = z
  .object({
    id: Id,
    type: z.enum(['single', 'group']),
    name: z.string().nullable().describe('Of a group'),
    description: z.string().nullable(),
    avatar: z.string().nullable(),
    createdBy: Id,
    createdAt: Timestamp,
    memberCount: z.int().min(0),
    pinned: z.array(Id).describe('Pinned messages, the latest pin first'),
  })
  .meta({ id: 'ConversationHeader' })
export type ConversationHeader = z.infer<typeof ConversationHeader>

/** What a conversation is to one of its members. */
export const ConversationState = z
  .object({
    admin: z.boolean(),
    readSeq: Seq.describe('Everything up to here is read'),
    clearedSeq: Seq.describe('Everything up to here is out of sight for this member'),
    unread: z.int().min(0).describe("Others' messages after `readSeq`"),
    mentions: z.int().min(0).describe('Unread messages that mention this member'),
    muted: z.boolean(),
    mutedUntil: Timestamp.nullable(),
    archived: z.boolean(),
    pinned: z.boolean().describe("On top of this member's list"),
  })
  .meta({ id: 'ConversationState' })
export type ConversationState = z.infer<typeof ConversationState>

export const MessagePreview = z
  .object({
    id: Id,
    seq: Seq,
    senderId: Id,
    preview: z.string().describe('Its beginning; empty once it is deleted'),
    deleted: z.boolean(),
    createdAt: Timestamp,
  })
  .meta({ id: 'MessagePreview' })

export const Conversation = ConversationHeader.extend({
  person: PersonSummary.nullable().describe('The other one in a conversation of two'),
  seq: Seq,
  version: Version,
  activeAt: Timestamp,
  lastMessage: MessagePreview.nullable(),
  own: ConversationState,
}).meta({ id: 'Conversation' })
export type Conversation = z.infer<typeof Conversation>

export const Member = z
  .object({
    userId: Id,
    admin: z.boolean(),
    joinedAt: Timestamp,
    readSeq: Seq.describe('How far this member lets the others know to have read'),
  })
  .meta({ id: 'Member' })
export type Member = z.infer<typeof Member>

export const Participant = Member.extend({ person: PersonSummary.nullable() }).meta({
  id: 'Participant',
})

export const Receipt = z.object({ userId: Id, seq: Seq }).meta({ id: 'Receipt' })

/** What one conversation holds that its reader does not have yet. */
export const CaughtUpConversation = z
  .object({
    conversationId: Id,
    seq: Seq.describe('Last message of the conversation'),
    version: Version.describe('What to ask from next time; live events go on after it'),
    complete: z.boolean().describe('Otherwise ask again at once, with this `version`'),
    own: ConversationState,
    conversation: ConversationHeader.optional().describe('When it has changed'),
    members: z.array(Member).optional().describe('All of them, when somebody came, went or rose'),
    receipts: z.array(Receipt).describe('Members who have read further'),
    messages: z
      .array(Message)
      .describe('New or changed ones as they are now, in the order of their last change'),
  })
  .meta({ id: 'CaughtUpConversation' })
export type CaughtUpConversation = z.infer<typeof CaughtUpConversation>

export const FoundMessage = z
  .object({
    message: Message,
    snippet: z.string().describe('The part of its text around the first match'),
  })
  .meta({ id: 'FoundMessage' })
