import * as z from 'zod'
import type { EventDefinition, SignalDefinition } from '../kit/contract.ts'
import { auditedEvent } from './audit-entry.ts'
import { ConversationState, Message, Seq, Version } from './chat-shapes.ts'
import { Id, Timestamp } from './shared.ts'

const room = 'conversation:{conversationId}'

/** What every change of a conversation tells: one event for each version. */
const change = { conversationId: Id, version: Version }

const reaction = z.object({ ...change, messageId: Id, userId: Id, emoji: z.string() })
const pin = z.object({ ...change, messageId: Id, userId: Id })
const typing = z.object({ conversationId: Id, userId: Id })

export const chatEvents = {
  messageReady: {
    summary: 'A message was stored',
    schema: Message,
    key: 'conversationId',
    topic: 'ready-message',
    push: [{ socket: '/chat message:new', room }],
  },
  messageUpdated: {
    summary: 'A message was edited; as it is now',
    schema: Message,
    key: 'conversationId',
    push: [{ socket: '/chat message:updated', room }],
  },
  messageDeleted: {
    summary: 'A message was deleted, and unpinned if it was pinned',
    schema: z.object({ ...change, messageId: Id, seq: Seq, deletedBy: Id, deletedAt: Timestamp }),
    key: 'conversationId',
    push: [{ socket: '/chat message:deleted', room }],
  },
  reactionAdded: {
    summary: 'Somebody reacted to a message',
    schema: reaction,
    key: 'conversationId',
    push: [{ socket: '/chat reaction:added', room }],
  },
  reactionRemoved: {
    summary: 'Somebody took a reaction back',
    schema: reaction,
    key: 'conversationId',
    push: [{ socket: '/chat reaction:removed', room }],
  },
  messagesRead: {
    summary: 'A member of a conversation of at most 100 has read up to a message',
    schema: z.object({ ...change, userId: Id, seq: Seq, messageId: Id }),
    key: 'conversationId',
    push: [{ socket: '/chat message:read', room }],
  },
  messagePinned: {
    summary: 'A message was pinned',
    schema: pin,
    key: 'conversationId',
    push: [{ socket: '/chat message:pinned', room }],
  },
  messageUnpinned: {
    summary: 'A message was unpinned',
    schema: pin,
    key: 'conversationId',
    push: [{ socket: '/chat message:unpinned', room }],
  },
  conversationUpdated: {
    summary: "A group's name, description or avatar was changed; as they are now",
    schema: z.object({
      ...change,
      name: z.string(),
      description: z.string().nullable(),
      avatar: z.string().nullable(),
      updatedBy: Id,
    }),
    key: 'conversationId',
    push: [{ socket: '/chat conversation:updated', room }],
  },
  participantsAdded: {
    summary: 'People were added to a group',
    schema: z.object({ ...change, userIds: z.array(Id), addedBy: Id, joinedAt: Timestamp }),
    key: 'conversationId',
    push: [{ socket: '/chat participant:added', room }],
  },
  participantRemoved: {
    summary: 'Somebody left a group or was removed from it',
    schema: z.object({ ...change, userId: Id, removedBy: Id }),
    key: 'conversationId',
    push: [{ socket: '/chat participant:removed', room }],
  },
  participantChanged: {
    summary: 'A member of a group became an admin, or is none any more',
    schema: z.object({ ...change, userId: Id, admin: z.boolean() }),
    key: 'conversationId',
    push: [{ socket: '/chat participant:changed', room }],
  },
  conversationOpened: {
    summary: 'A conversation is open to one more person; `version` is its latest change',
    schema: z.object({ ...change, userId: Id, openedBy: Id }),
    key: 'conversationId',
    rooms: [{ namespace: '/chat', change: 'join', user: 'userId', room }],
    push: [{ socket: '/chat conversation:new', room: 'user:{userId}' }],
  },
  conversationClosed: {
    summary: 'A conversation is closed to a person who was in it',
    schema: z.object({ conversationId: Id, userId: Id }),
    key: 'conversationId',
    rooms: [{ namespace: '/chat', change: 'leave', user: 'userId', room }],
    push: [{ socket: '/chat conversation:removed', room: 'user:{userId}' }],
  },
  conversationHidden: {
    summary: 'A person took a conversation of two off the own list',
    schema: z.object({ conversationId: Id, userId: Id }),
    key: 'conversationId',
    push: [{ socket: '/chat conversation:removed', room: 'user:{userId}' }],
  },
  conversationStateChanged: {
    summary:
      'A person read, muted, archived, pinned or cleared a conversation; nobody else is told',
    schema: z.object({ conversationId: Id, userId: Id, own: ConversationState }),
    key: 'conversationId',
    push: [{ socket: '/chat conversation:state', room: 'user:{userId}' }],
  },
  memberMentioned: {
    summary: 'A message mentions a member of its conversation',
    schema: z.object({
      userId: Id,
      conversationId: Id,
      messageId: Id,
      senderId: Id,
      preview: z.string(),
    }),
    key: 'userId',
  },
  audited: auditedEvent,
} as const satisfies Readonly<Record<string, EventDefinition>>

export const chatSignals = {
  typingStarted: {
    summary: 'Somebody writes',
    schema: typing,
    push: [{ socket: '/chat user:typing', room, except: 'userId' }],
  },
  typingStopped: {
    summary: 'Somebody writes no more',
    schema: typing,
    push: [{ socket: '/chat user:stop-typing', room, except: 'userId' }],
  },
} as const satisfies Readonly<Record<string, SignalDefinition>>
