import type { StoaClient } from '../../client/index.ts'
import { createKeyed } from './keyed.ts'

export type Typing = ReturnType<typeof createTyping>

/** Whoever stops without a word is taken for done after this time. */
const believedMs = 6_000
/** How often the others are told again that one still writes. */
const repeatMs = 3_000

/** Who writes just now, by conversation; and tells the others when one does so oneself. */
export function createTyping(client: StoaClient) {
  const writing = createKeyed<readonly string[]>()
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  const told = new Map<string, number>()

  function stop(conversationId: string, userId: string): void {
    const key = `${conversationId} ${userId}`
    clearTimeout(timers.get(key))
    timers.delete(key)
    const left = writing.get(conversationId)?.filter((id) => id !== userId) ?? []
    writing.set(conversationId, left.length > 0 ? left : undefined)
  }

  function start(conversationId: string, userId: string): void {
    const key = `${conversationId} ${userId}`
    clearTimeout(timers.get(key))
    timers.set(key, setTimeout(stop, believedMs, conversationId, userId))
    const before = writing.get(conversationId) ?? []
    if (!before.includes(userId)) writing.set(conversationId, [...before, userId])
  }

  return {
    get: writing.get,
    subscribe: writing.subscribe,
    listen(): () => void {
      const stops = [
        client.on('user:typing', (typed) => start(typed.conversationId, typed.userId)),
        client.on('user:stop-typing', (typed) => stop(typed.conversationId, typed.userId)),
        client.on('message:new', (message) => stop(message.conversationId, message.senderId)),
      ]
      return () => {
        for (const end of stops) end()
        for (const timer of timers.values()) clearTimeout(timer)
      }
    },
    /** One writes here: told at once, and then now and again. */
    tellWriting(conversationId: string): void {
      const now = Date.now()
      if (now - (told.get(conversationId) ?? 0) < repeatMs) return
      if (client.live.state() !== 'online') return
      told.set(conversationId, now)
      // Nothing depends on it: whoever does not hear of it sees the message itself.
      void client.api.chat.startTyping({ conversationId }).catch(() => undefined)
    },
    tellDone(conversationId: string): void {
      if (!told.delete(conversationId) || client.live.state() !== 'online') return
      void client.api.chat.stopTyping({ conversationId }).catch(() => undefined)
    },
  }
}
