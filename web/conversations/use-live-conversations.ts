import { useQueryClient } from '@tanstack/react-query'
import { refetch } from '../lib/calls.ts'
import { useClient, useMe } from '../lib/client.tsx'
import { useLive } from '../lib/live.ts'
import {
  changeConversation,
  changeOwn,
  changeParticipants,
  conversationKey,
  getConversation,
  moveInList,
  participantsKey,
  previewOf,
  putConversation,
  setLeft,
  withMessage,
} from './cache.ts'
import type { Conversation } from './shapes.ts'

/**
 * Keeps list and conversations true to what the server tells, one conversation at a time: a
 * message changes its own row, and the list only when the order does.
 */
export function useLiveConversations(): void {
  const client = useClient()
  const queries = useQueryClient()
  const me = useMe()

  /** Asks for one conversation anew. */
  async function renew(conversationId: string): Promise<Conversation | undefined> {
    try {
      const conversation = await client.api.chat.getConversation({ conversationId })
      return putConversation(queries, conversation)
    } catch {
      // It is gone again, or the server is away: the next connection brings the whole list.
      return undefined
    }
  }

  /** The same for one in which something was said: it belongs on top. */
  async function bring(conversationId: string): Promise<void> {
    const conversation = await renew(conversationId)
    if (conversation) place(conversation)
  }

  function place({ id, own }: Conversation): void {
    moveInList(queries, !own.archived, id, 'away')
    moveInList(queries, own.archived, id, 'top')
  }

  function leave(conversationId: string): void {
    setLeft(queries, conversationId, true)
    moveInList(queries, false, conversationId, 'away')
    moveInList(queries, true, conversationId, 'away')
    void queries.invalidateQueries({ queryKey: conversationKey(conversationId) })
  }

  useLive('message:new', (message) => {
    const { conversationId, seq } = message
    // One that was put off the list comes back with what is said in it.
    setLeft(queries, conversationId, false)
    const known = getConversation(queries, conversationId)
    if (known && seq <= known.seq) return
    if (!known || seq > known.seq + 1) return void bring(conversationId)
    const changed = withMessage(known, message, me.id)
    putConversation(queries, changed)
    place(changed)
  })
  useLive('message:updated', ({ conversationId, id, content }) => {
    changeConversation(queries, conversationId, (conversation) => {
      const { lastMessage } = conversation
      if (lastMessage?.id !== id) return conversation
      return { ...conversation, lastMessage: { ...lastMessage, preview: previewOf(content) } }
    })
  })
  useLive('message:deleted', ({ conversationId, messageId, seq }) => {
    const unread = seq > (getConversation(queries, conversationId)?.own.readSeq ?? seq)
    changeConversation(queries, conversationId, (conversation) => {
      const { lastMessage, pinned } = conversation
      return {
        ...conversation,
        pinned: pinned.filter((id) => id !== messageId),
        lastMessage:
          lastMessage?.id === messageId
            ? { ...lastMessage, preview: '', deleted: true }
            : lastMessage,
      }
    })
    // Whether it counted as unread, and mentioned somebody, the server knows.
    if (unread) void renew(conversationId)
  })
  useLive('message:pinned', ({ conversationId, messageId }) => {
    changeConversation(queries, conversationId, (conversation) => ({
      ...conversation,
      pinned: [messageId, ...conversation.pinned.filter((id) => id !== messageId)],
    }))
  })
  useLive('message:unpinned', ({ conversationId, messageId }) => {
    changeConversation(queries, conversationId, (conversation) => ({
      ...conversation,
      pinned: conversation.pinned.filter((id) => id !== messageId),
    }))
  })
  useLive('message:read', ({ conversationId, userId, seq }) => {
    changeParticipants(queries, conversationId, (participants) =>
      participants.map((one) =>
        one.userId === userId && one.readSeq < seq ? { ...one, readSeq: seq } : one,
      ),
    )
  })

  useLive('conversation:new', ({ conversationId }) => {
    setLeft(queries, conversationId, false)
    void bring(conversationId)
  })
  useLive('conversation:removed', ({ conversationId }) => leave(conversationId))
  useLive('gone', ({ conversationId }) => leave(conversationId))
  useLive('conversation:updated', ({ conversationId, name, description, avatar }) => {
    changeConversation(queries, conversationId, (conversation) => ({
      ...conversation,
      name,
      description,
      avatar,
    }))
  })
  useLive('conversation:state', ({ conversationId, own }) => {
    const before = getConversation(queries, conversationId)?.own
    changeOwn(queries, conversationId, own)
    if (before && (before.archived !== own.archived || before.pinned !== own.pinned)) {
      void refetch(queries, 'chat', 'listConversations')
    }
    // What was cleared is no more to be previewed.
    if (before && before.clearedSeq !== own.clearedSeq) void renew(conversationId)
  })

  function membersChanged({ conversationId }: { conversationId: string }): void {
    void queries.invalidateQueries({ queryKey: participantsKey(conversationId) })
    void queries.invalidateQueries({ queryKey: conversationKey(conversationId) })
  }
  useLive('participant:added', membersChanged)
  useLive('participant:removed', membersChanged)
  useLive('participant:changed', membersChanged)

  useLive('caughtUp', ({ conversationId, seq, members, receipts }) => {
    if (members) membersChanged({ conversationId })
    const known = getConversation(queries, conversationId)
    void (known && seq <= known.seq ? renew : bring)(conversationId)
    const read = new Map(receipts.map(({ userId, seq }) => [userId, seq]))
    changeParticipants(queries, conversationId, (participants) =>
      participants.map((one) => ({ ...one, readSeq: read.get(one.userId) ?? one.readSeq })),
    )
  })
}
