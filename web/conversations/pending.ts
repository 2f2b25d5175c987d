import type { OutboxEntry, OutboxNews, StoaClient } from '../../client/index.ts'
import { createKeyed } from './keyed.ts'
import type { Message, ShownMessage } from './shapes.ts'

export type Pending = ReturnType<typeof createPending>

/** A place after all others, where messages stand that have none yet. */
const noPlace = Number.MAX_SAFE_INTEGER

/** Own messages on their way, by conversation: until they are seen where everybody sees them. */
export function createPending(client: StoaClient, userId: string) {
  const lists = createKeyed<readonly ShownMessage[]>()
  /** Stored ones that came back before their acknowledgement did. */
  const arrived = new Set<string>()

  function put(message: ShownMessage): void {
    const before = lists.get(message.conversationId) ?? []
    const at = before.findIndex(({ uuid }) => uuid === message.uuid)
    lists.set(message.conversationId, at < 0 ? [...before, message] : before.with(at, message))
  }

  function drop(conversationId: string, uuid: string): void {
    const before = lists.get(conversationId) ?? []
    const left = before.filter((message) => message.uuid !== uuid)
    if (left.length < before.length) lists.set(conversationId, left.length > 0 ? left : undefined)
  }

  function hear(news: OutboxNews): void {
    if (news.entry.userId !== userId) return
    if (!('message' in news)) {
      put(toShown(news.entry))
      return
    }
    const { conversationId, uuid } = news.message
    if (arrived.delete(uuid)) {
      drop(conversationId, uuid)
      return
    }
    const { pending: _, ...waiting } = toShown({ ...news.entry, state: 'sending' })
    put({ ...waiting, ...news.message })
  }

  function see({ senderId, conversationId, uuid }: Message): void {
    if (senderId !== userId) return
    const waits = lists.get(conversationId)?.find((message) => message.uuid === uuid)
    if (waits?.pending) arrived.add(uuid)
    drop(conversationId, uuid)
  }

  /** Takes up what an earlier run of the page left behind. */
  function load(): void {
    for (const entry of client.outbox.entries()) {
      if (entry.userId === userId) put(toShown(entry))
    }
  }

  return {
    get: lists.get,
    subscribe: lists.subscribe,
    listen(): () => void {
      load()
      const stops = [
        client.outbox.onChange(hear),
        client.on('message:new', see),
        client.on('caughtUp', ({ messages }) => {
          for (const message of messages) see(message)
        }),
        client.live.onState(load),
      ]
      return () => {
        for (const stop of stops) stop()
      }
    },
    retry: (uuid: string) => client.outbox.retry(uuid),
    async discard(conversationId: string, uuid: string): Promise<void> {
      await client.outbox.discard(uuid)
      drop(conversationId, uuid)
    },
    /** Nobody looks at the conversation any more: what is stored is read from the server. */
    forgetStored(conversationId: string): void {
      const left = lists.get(conversationId)?.filter(({ pending }) => pending) ?? []
      lists.set(conversationId, left.length > 0 ? left : undefined)
    },
  }

  function toShown({ uuid, draft, createdAt, state, code }: OutboxEntry): ShownMessage {
    return {
      id: uuid,
      uuid,
      conversationId: draft.conversationId,
      seq: noPlace,
      version: 0,
      senderId: userId,
      content: draft.content,
      replyTo: draft.replyTo ?? null,
      reactions: [],
      createdAt: new Date(createdAt).toISOString(),
      editedAt: null,
      deletedAt: null,
      pending: { state, ...(code !== undefined && { code }) },
    }
  }
}
