import type { ClientEvents, StoaClient } from '../../client/index.ts'
import {
  type Change,
  changeByDeletion,
  changeByReaction,
  changeByUpdate,
  joinMessages,
  withChange,
} from './changes.ts'
import type { Message } from './shapes.ts'

/** The part of a conversation's messages that is held: a stretch without a gap. */
export type TimelineState = {
  status: 'loading' | 'ready' | 'failed'
  error?: unknown
  /** Counts how often it began anew at another place, and where that was: the end unless told. */
  epoch: number
  target?: Target | undefined
  /** By place, the oldest first. */
  messages: readonly Message[]
  /** Whether there are messages before or after the stretch. */
  older: boolean
  newer: boolean
  /** Which ones are on their way, and whether the last attempt to get them failed. */
  getting: { older: Getting; newer: Getting }
}
/** Where to bring a message to: `start` leaves a little of what is before it in sight. */
export type Target = { seq: number; at: 'start' | 'middle' }
type Getting = 'idle' | 'busy' | 'failed'
type Side = 'older' | 'newer'

export type Timeline = ReturnType<typeof createTimeline>

const pageSize = 50
/** Begins with so many, of which so many more come after the first in sight: that fills a screen. */
const firstPage = { size: 80, forward: 15 }
/** More than this is let go at the far end: a long walk through history takes no more memory. */
const heldAtMost = 1_500
/** Who missed more than this begins anew at the end, and does not read it all at once. */
const missedAtMost = 400

const idle: TimelineState['getting'] = { older: 'idle', newer: 'idle' }
const empty: TimelineState = {
  status: 'loading',
  epoch: 0,
  messages: [],
  older: false,
  newer: false,
  getting: idle,
}

/**
 * Holds a stretch of a conversation's history, gets more of it in both directions, and keeps it
 * true to what the server tells. Whoever has called `start` calls `stop`.
 */
export function createTimeline(client: StoaClient, conversationId: string) {
  const listeners = new Set<() => void>()
  const newsListeners = new Set<(message: Message) => void>()
  let state = empty
  /** Changes heard while pages are on their way: those may be older than the changes. */
  let loads = 0
  let heard: Change[] = []
  /** Counts jumps, so that an answer to an earlier one is recognised. */
  let jumps = 0
  let lastSeq = 0

  function set(next: Partial<TimelineState>): void {
    state = { ...state, ...next }
    for (const listener of listeners) listener()
  }

  async function load(input: { around?: number; limit: number }): Promise<Message[]> {
    loads += 1
    try {
      const { items } = await client.api.chat.listMessages({ conversationId, ...input })
      const messages: readonly Message[] = items.toReversed()
      return [...heard.reduce(withChange, messages)]
    } finally {
      loads -= 1
      if (loads === 0) heard = []
    }
  }

  /** Shows the stretch around a place, or the end. */
  async function jump(target?: Target): Promise<void> {
    jumps += 1
    const jumped = jumps
    if (state.messages.length === 0) set({ status: 'loading' })
    try {
      const messages = await load(pageAround(target))
      if (jumped !== jumps) return
      const last = messages.at(-1)?.seq ?? 0
      lastSeq = Math.max(lastSeq, last)
      // A page of less than was asked for has reached an end; which one, its places tell.
      const first = messages[0]?.seq ?? 1
      set({
        status: 'ready',
        error: undefined,
        epoch: state.epoch + 1,
        target,
        messages,
        older: first > 1 && messages.length === pageAround(target).limit,
        newer: last < lastSeq,
        getting: idle,
      })
    } catch (error) {
      if (jumped === jumps) set({ status: 'failed', error })
    }
  }

  function pageAround(target: Target | undefined): { around?: number; limit: number } {
    if (!target) return { limit: pageSize }
    const forward = target.at === 'start' ? firstPage.forward : 0
    return { around: target.seq + forward, limit: firstPage.size }
  }

  /** The page before the first or after the last message, asked for by its middle. */
  function pageBeside(side: Side): { around?: number; limit: number } {
    const first = state.messages[0]?.seq ?? 1
    const last = state.messages.at(-1)?.seq ?? 0
    if (side === 'newer') {
      return { around: last + pageSize - Math.floor(pageSize / 2), limit: pageSize }
    }
    const limit = Math.min(pageSize, first - 1)
    return { around: first - 1 - Math.floor(limit / 2), limit }
  }

  async function extend(side: Side): Promise<void> {
    if (state.status !== 'ready' || !state[side] || state.getting[side] === 'busy') return
    const page = pageBeside(side)
    if (page.limit < 1) return set({ [side]: false })
    const jumped = jumps
    set({ getting: { ...state.getting, [side]: 'busy' } })
    try {
      const came = await load(page)
      if (jumped !== jumps) return
      const messages = joinMessages(state.messages, came) ?? state.messages
      const getting = { ...state.getting, [side]: 'idle' as const }
      const last = messages.at(-1)?.seq ?? 0
      lastSeq = Math.max(lastSeq, last)
      if (side === 'older') {
        const kept = messages.slice(0, heldAtMost)
        const older = came.length === page.limit && (kept[0]?.seq ?? 1) > 1
        set({ messages: kept, older, newer: (kept.at(-1)?.seq ?? 0) < lastSeq, getting })
      } else {
        const kept = messages.slice(-heldAtMost)
        set({
          messages: kept,
          older: state.older || kept.length < messages.length,
          newer: last < lastSeq,
          getting,
        })
      }
    } catch {
      if (jumped === jumps) set({ getting: { ...state.getting, [side]: 'failed' } })
    }
  }

  /** Takes in a message that was just said, by oneself or others. */
  function arrive(message: Message): void {
    const isNew = message.seq > lastSeq
    lastSeq = Math.max(lastSeq, message.seq)
    if (loads > 0) heard.push(changeByUpdate(message))
    take(message)
    if (isNew) for (const hear of newsListeners) hear(message)
  }

  function take(message: Message): void {
    if (state.status !== 'ready') return
    const end = state.messages.at(-1)?.seq ?? 0
    if (message.seq <= end) change(changeByUpdate(message))
    else if (state.newer) return
    else if (message.seq > end + 1 && end > 0) set({ newer: true })
    else set({ messages: [...state.messages, message] })
  }

  function change(one: Change): void {
    if (loads > 0) heard.push(one)
    const messages = withChange(state.messages, one)
    if (messages !== state.messages) set({ messages })
  }

  function catchUp({ messages, seq, complete }: ClientEvents['caughtUp']): void {
    if (!complete && seq - (state.messages.at(-1)?.seq ?? 0) > missedAtMost) {
      client.conversations.unfollow(conversationId)
      lastSeq = seq
      void begin().then(() => {
        if (state.status === 'ready') set({ newer: (state.messages.at(-1)?.seq ?? 0) < lastSeq })
      })
      return
    }
    const inOrder = messages.toSorted((one, other) => one.seq - other.seq)
    for (const message of inOrder) arrive(message)
  }

  /** Hears everything that happens from now on. */
  async function begin(): Promise<void> {
    const { seq, version } = await client.api.chat.getConversation({ conversationId })
    client.conversations.follow(conversationId, { seq, version })
  }

  const isHere = (payload: { conversationId: string }) => payload.conversationId === conversationId
  let stops: (() => void)[] = []

  return {
    subscribe(listener: () => void): () => void {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    state: () => state,
    /** Hears each message that was said since the stretch was loaded, told at once or caught up. */
    onNews(hear: (message: Message) => void): () => void {
      newsListeners.add(hear)
      return () => void newsListeners.delete(hear)
    },

    /** Begins at a place, or at the end, and follows the conversation from a known position. */
    start(position: { seq: number; version: number }, at?: Target): Promise<void> {
      stops = [
        client.on('message:new', (message) => isHere(message) && arrive(message)),
        client.on('message:updated', (message) => {
          if (isHere(message)) change(changeByUpdate(message))
        }),
        client.on('message:deleted', (deleted) => {
          if (isHere(deleted)) change(changeByDeletion(deleted))
        }),
        client.on('reaction:added', (reaction) => {
          if (isHere(reaction)) change(changeByReaction(reaction, true))
        }),
        client.on('reaction:removed', (reaction) => {
          if (isHere(reaction)) change(changeByReaction(reaction, false))
        }),
        client.on('caughtUp', (caughtUp) => isHere(caughtUp) && catchUp(caughtUp)),
      ]
      lastSeq = position.seq
      client.conversations.follow(conversationId, position)
      return jump(at)
    },
    stop(): void {
      for (const stop of stops) stop()
      stops = []
      jumps += 1
      client.conversations.unfollow(conversationId)
    },

    jump,
    extend,
    arrive,
    change,
    /** Forgets everything up to a place, which was put out of sight. */
    clear(upTo: number): void {
      const messages = state.messages.filter(({ seq }) => seq > upTo)
      if (messages.length < state.messages.length) set({ messages, older: false })
    },
  }
}
