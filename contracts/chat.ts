import * as z from 'zod'
import { defineContract } from '../kit/contract.ts'
import { chatEvents, chatSignals } from './chat-events.ts'
import {
  CaughtUpConversation,
  Conversation,
  ConversationState,
  Emoji,
  FoundMessage,
  Message,
  MessageText,
  Participant,
  SentMessage,
  Seq,
  typedText,
  Version,
} from './chat-shapes.ts'
import { Avatar, Done, Empty, Id, PageQuery, pageOf, Timestamp } from './shared.ts'
import { PersonSummary } from './users.ts'

const hidden = { conversation_not_found: 404 } as const
const unseen = { message_not_found: 404 } as const
const forAdmins = { ...hidden, not_a_group: 403, not_admin: 403 } as const

const InConversation = z.strictObject({ conversationId: Id })
const OnMessage = z.strictObject({ messageId: Id })
const WithReaction = OnMessage.extend({ emoji: Emoji })
const UserIds = z.array(Id).min(1).max(999)

const GroupName = typedText(100)
const Description = typedText(1_000)

/** What a sender says; who says it comes from the session, or from a bridge that is trusted. */
const MessageDraft = z.strictObject({
  uuid: z.guid().describe("The sender's own id of this message: a repetition stores nothing"),
  conversationId: Id,
  content: MessageText,
  replyTo: Id.optional().describe('A message of the same conversation'),
})

export const chat = defineContract({
  service: 'chat',
  summary: 'Conversations, their members and messages',
  operations: {
    // ── Conversations ─────────────────────────────────────────────────────────────────────
    openDirect: {
      summary: 'Open the conversation with a person, made at the first call by either of both',
      http: 'POST /conversations/direct/{userId}',
      access: 'member',
      input: z.strictObject({ userId: Id }),
      output: Conversation,
      errors: { user_not_found: 404, with_yourself: 400, blocked: 403 },
      idempotent: true,
      key: 'userId',
    },
    createGroup: {
      summary: 'Make a group; its maker is its first admin',
      http: 'POST /conversations/groups',
      status: 201,
      access: 'member',
      input: z.strictObject({
        name: GroupName,
        participantIds: z.array(Id).max(999).describe('The others; repetitions count once'),
        description: Description.optional(),
        avatar: Avatar.optional(),
      }),
      output: Conversation,
      errors: { user_not_found: 404, blocked: 403 },
    },
    listConversations: {
      summary:
        "List one's conversations: the pinned ones, then the others, the latest activity first",
      http: 'GET /conversations',
      access: 'member',
      input: PageQuery.extend({
        archived: z.boolean().default(false).describe('The archived ones instead of the others'),
      }),
      output: pageOf(Conversation),
    },
    getConversation: {
      summary: 'One conversation as it is for the caller',
      http: 'GET /conversations/{conversationId}',
      access: 'member',
      input: InConversation,
      output: Conversation,
      errors: hidden,
    },
    updateConversation: {
      summary: 'Change name, description or avatar of a group; what is left out stays',
      http: 'PATCH /conversations/{conversationId}',
      access: 'member',
      input: InConversation.extend({
        name: GroupName.optional(),
        description: Description.nullable().optional(),
        avatar: Avatar.nullable().optional(),
      }),
      output: Conversation,
      errors: forAdmins,
      key: 'conversationId',
    },
    deleteConversation: {
      summary: 'Delete a group for everybody, or take a conversation of two off the own list',
      description:
        'Only an admin deletes a group; its messages are erased. A conversation of two comes ' +
        'back, without its earlier messages, when either of both writes.',
      http: 'DELETE /conversations/{conversationId}',
      access: 'member',
      input: InConversation,
      output: Done,
      errors: { ...hidden, not_admin: 403 },
      key: 'conversationId',
    },
    clearHistory: {
      summary: 'Put all messages so far out of sight, for oneself only',
      http: 'DELETE /conversations/{conversationId}/messages',
      access: 'member',
      input: InConversation,
      output: ConversationState,
      errors: hidden,
      key: 'conversationId',
    },
    muteConversation: {
      summary: 'Mute a conversation, for a while or until further notice, or unmute it',
      http: 'PUT /conversations/{conversationId}/mute',
      access: 'member',
      input: InConversation.extend({ muted: z.boolean(), until: Timestamp.optional() }),
      output: ConversationState,
      errors: hidden,
      idempotent: true,
      key: 'conversationId',
    },
    archiveConversation: {
      summary: 'Archive a conversation or bring it back; a new message does, unless it is muted',
      http: 'PUT /conversations/{conversationId}/archive',
      access: 'member',
      input: InConversation.extend({ archived: z.boolean() }),
      output: ConversationState,
      errors: hidden,
      idempotent: true,
      key: 'conversationId',
    },
    pinConversation: {
      summary: 'Keep a conversation on top of the own list, or let it go; twenty fit',
      description: 'Pinning brings it back from the archive, and archiving unpins it.',
      http: 'PUT /conversations/{conversationId}/pin',
      access: 'member',
      input: InConversation.extend({ pinned: z.boolean() }),
      output: ConversationState,
      errors: { ...hidden, too_many_pinned_conversations: 403 },
      idempotent: true,
      key: 'conversationId',
    },
    joinConversation: {
      summary: 'Hear a conversation on this socket, and get what to begin with',
      description:
        'The room is entered before the snapshot is taken: every live event with a `version` ' +
        'above the one of the answer follows it, and those up to it are already in it.',
      socket: '/chat join:conversation',
      joins: 'conversation:{conversationId}',
      replies: 'joined',
      access: 'member',
      input: InConversation,
      output: z.object({
        users: z.array(PersonSummary).describe('Who wrote these messages, and who may be met'),
        conversation: Conversation,
        messages: z.array(Message).describe('The last 100, oldest first'),
        seq: Seq,
        version: Version.describe('Where the live stream starts'),
      }),
      errors: hidden,
      idempotent: true,
      key: 'conversationId',
    },
    leaveRoom: {
      summary: 'Hear a conversation no more on this socket; its membership stays',
      socket: '/chat leave:conversation',
      leaves: 'conversation:{conversationId}',
      access: 'member',
      input: InConversation,
      output: Done,
      idempotent: true,
    },
    listMyRooms: {
      summary: 'The rooms that a person hears from the start',
      access: 'internal',
      input: z.strictObject({ userId: Id }),
      output: z.object({ rooms: z.array(z.string()) }),
      idempotent: true,
    },

    // ── Members ───────────────────────────────────────────────────────────────────────────
    listParticipants: {
      summary: 'List the members of a conversation, the longest there first',
      http: 'GET /conversations/{conversationId}/participants',
      access: 'member',
      input: PageQuery.extend({ conversationId: Id }),
      output: pageOf(Participant),
      errors: hidden,
    },
    addParticipants: {
      summary: 'Add people to a group; who is in it already stays as they are',
      http: 'POST /conversations/{conversationId}/participants',
      access: 'member',
      input: InConversation.extend({ userIds: UserIds }),
      output: Conversation,
      errors: { ...forAdmins, user_not_found: 404, blocked: 403, group_full: 403 },
      key: 'conversationId',
    },
    removeParticipant: {
      summary: 'Remove a member from a group',
      http: 'DELETE /conversations/{conversationId}/participants/{userId}',
      access: 'member',
      input: InConversation.extend({ userId: Id }),
      output: Done,
      errors: { ...forAdmins, participant_not_found: 404 },
      key: 'conversationId',
    },
    changeParticipant: {
      summary: 'Make a member of a group an admin, or an admin a member',
      http: 'PATCH /conversations/{conversationId}/participants/{userId}',
      access: 'member',
      input: InConversation.extend({ userId: Id, admin: z.boolean() }),
      output: Done,
      errors: { ...forAdmins, participant_not_found: 404, last_admin: 409 },
      idempotent: true,
      key: 'conversationId',
    },
    leaveConversation: {
      summary: 'Leave a group; when its last admin does, the longest member becomes admin',
      http: 'POST /conversations/{conversationId}/leave',
      access: 'member',
      input: InConversation,
      output: Done,
      errors: { ...hidden, not_a_group: 403 },
      key: 'conversationId',
    },

    // ── Messages ──────────────────────────────────────────────────────────────────────────
    sendMessage: {
      summary: 'Say something in a conversation; answered when it cannot be lost any more',
      http: 'POST /messages',
      socket: '/chat message:send',
      status: 201,
      access: 'member',
      input: MessageDraft,
      output: SentMessage,
      errors: { ...hidden, blocked: 403, reply_target_not_found: 404, uuid_used: 409 },
      idempotent: true,
      key: 'conversationId',
    },
    listMessages: {
      summary: 'List the messages of a conversation, the newest first, deleted ones without text',
      http: 'GET /conversations/{conversationId}/messages',
      access: 'member',
      input: PageQuery.extend({
        conversationId: Id,
        limit: z.int().min(1).max(100).default(50).describe('Items in the answer'),
        around: Seq.optional().describe('Begin with the page around this message'),
      }),
      output: pageOf(Message),
      errors: hidden,
    },
    getMessage: {
      summary: 'One message',
      http: 'GET /messages/{messageId}',
      access: 'member',
      input: OnMessage,
      output: Message,
      errors: unseen,
    },
    editMessage: {
      summary: "Change what one's own message says",
      http: 'PATCH /messages/{messageId}',
      socket: '/chat message:edit',
      access: 'member',
      input: OnMessage.extend({ content: MessageText }),
      output: Message,
      errors: { ...unseen, not_sender: 403, message_deleted: 409, blocked: 403 },
      idempotent: true,
      key: 'messageId',
    },
    deleteMessage: {
      summary: 'Delete a message for everybody: its place stays, its text is gone',
      description: "One's own, anybody's as an admin of the group, and any as a moderator.",
      http: 'DELETE /messages/{messageId}',
      socket: '/chat message:delete',
      access: 'member',
      input: OnMessage,
      output: Done,
      errors: { ...unseen, not_sender: 403 },
      idempotent: true,
      key: 'messageId',
    },
    addReaction: {
      summary: 'React to a message with an emoji, each once',
      http: 'POST /messages/{messageId}/reactions',
      socket: '/chat reaction:add',
      access: 'member',
      input: WithReaction,
      output: Message,
      errors: { ...unseen, message_deleted: 409, blocked: 403, too_many_reactions: 403 },
      idempotent: true,
      key: 'messageId',
    },
    removeReaction: {
      summary: "Take one's reaction back",
      http: 'DELETE /messages/{messageId}/reactions/{emoji}',
      socket: '/chat reaction:remove',
      access: 'member',
      input: WithReaction,
      output: Message,
      errors: unseen,
      idempotent: true,
      key: 'messageId',
    },
    pinMessage: {
      summary: 'Pin a message for everybody; in groups an admin does, and ten fit',
      http: 'POST /conversations/{conversationId}/pin/{messageId}',
      access: 'member',
      input: InConversation.extend({ messageId: Id }),
      output: Done,
      errors: {
        ...hidden,
        ...unseen,
        not_admin: 403,
        message_deleted: 409,
        too_many_pins: 403,
      },
      idempotent: true,
      key: 'conversationId',
    },
    unpinMessage: {
      summary: 'Unpin a message',
      http: 'DELETE /conversations/{conversationId}/pin/{messageId}',
      access: 'member',
      input: InConversation.extend({ messageId: Id }),
      output: Done,
      errors: { ...hidden, not_admin: 403 },
      idempotent: true,
      key: 'conversationId',
    },
    listPinned: {
      summary: 'List the pinned messages of a conversation, the latest pin first',
      http: 'GET /conversations/{conversationId}/pinned',
      access: 'member',
      input: PageQuery.extend({ conversationId: Id }),
      output: pageOf(Message),
      errors: hidden,
    },
    searchMessages: {
      summary: "Find text in the messages of one's conversations, the newest first",
      description:
        'Finds any part of a word in any script, one character as well as many, without regard ' +
        'to case and width. `count` is not given: it would cost as much as reading them all.',
      http: 'GET /messages/search',
      access: 'member',
      input: PageQuery.omit({ count: true }).extend({
        q: typedText(200).describe('Text to find'),
        conversationId: Id.optional().describe('Only in this conversation'),
        from: Timestamp.optional().describe('Sent at this time or later'),
        to: Timestamp.optional().describe('Sent before this time'),
      }),
      output: pageOf(FoundMessage),
      errors: hidden,
    },

    // ── Reading, catching up, typing ──────────────────────────────────────────────────────
    markRead: {
      summary: 'Mark everything up to a message as read; receipts only move forward',
      description:
        'Members are told of it while there are at most 100 of them; in larger groups, the list of members says how far each has read.',
      http: 'PUT /conversations/{conversationId}/read',
      socket: '/chat message:read',
      access: 'member',
      input: InConversation.extend({ seq: Seq.min(1) }),
      output: ConversationState,
      errors: hidden,
      idempotent: true,
      key: 'conversationId',
    },
    markAllRead: {
      summary: "Mark everything in all of one's conversations as read",
      http: 'PUT /conversations/read-all',
      access: 'member',
      input: Empty,
      output: Done,
      idempotent: true,
    },
    getUnreadCount: {
      summary: "Unread messages in all of one's conversations",
      http: 'GET /conversations/unread',
      access: 'member',
      input: Empty,
      output: z.object({
        unread: z.int().min(0).describe('In conversations that are not muted'),
        muted: z.int().min(0).describe('In muted ones'),
        mentions: z.int().min(0).describe('Unread messages that mention the caller, anywhere'),
      }),
    },
    catchUp: {
      summary: 'Get exactly what one has missed in conversations one knows',
      description:
        'For each conversation the client names the last `seq` and `version` it has; without ' +
        '`version` it gets all that changed since that message came. Conversations that are ' +
        'not open to the caller any more are in `gone`.',
      http: 'POST /conversations/catch-up',
      socket: '/chat sync',
      access: 'member',
      input: z.strictObject({
        conversations: z
          .array(z.strictObject({ conversationId: Id, seq: Seq, version: Version.optional() }))
          .max(200),
      }),
      output: z.object({ conversations: z.array(CaughtUpConversation), gone: z.array(Id) }),
      idempotent: true,
    },
    startTyping: {
      summary: 'Let the others see that one writes',
      http: 'POST /conversations/{conversationId}/typing',
      socket: '/chat user:typing',
      access: 'member',
      input: InConversation,
      output: Done,
      errors: hidden,
      idempotent: true,
    },
    stopTyping: {
      summary: 'Let the others see that one writes no more',
      http: 'DELETE /conversations/{conversationId}/typing',
      socket: '/chat user:stop-typing',
      access: 'member',
      input: InConversation,
      output: Done,
      errors: hidden,
      idempotent: true,
    },
  },
  events: chatEvents,
  signals: chatSignals,
  entrances: {
    'raw-message': {
      summary: 'Messages of bots and bridges, which vouch for the sender',
      schema: MessageDraft.extend({ senderId: Id }),
      key: 'conversationId',
    },
  },
  roomsAtConnect: { '/chat': 'listMyRooms' },
})
