import type { CaughtUp, CaughtUpConversation, JoinedConversation } from './contracts.ts'
import { createEmitter } from './emitter.ts'
import type { Live } from './live.ts'
import { backoffMs, pause } from './wait.ts'

/** How much of a conversation the application has. */
export type Position = { seq: number; version: number }

type Change = { conversationId: string; version: number; seq?: number }
type Held = { name: string; payload: unknown; change: Change }

type Followed = Position & {
  /** Whether something is missing that a catch-up must bring. */
  behind: boolean
  /** Changes that came while something before them was missing. */
  held: Held[]
}

type ConversationEvents = {
  push: { name: string; payload: unknown }
  caughtUp: CaughtUpConversation
  gone: { conversationId: string }
}

const askedAtOnce = 200

/**
 * Stands between the live connection and the application, and lets each change of a followed
 * conversation through exactly once and in order. Changes are numbered without a gap: a number
 * that was had is dropped, and one too high means that a catch-up is due.
 */
export function createConversations(live: Live) {
  const { on, emit } = createEmitter<ConversationEvents>()
  const followed = new Map<string, Followed>()
  /** Changes of conversations that are being opened: the snapshot decides what they are worth. */
  const opening = new Map<string, Held[]>()
  let catchingUp = false

  live.onPush(({ name, payload }) => {
    const change = readChange(name, payload)
    const known = change && followed.get(change.conversationId)
    if (name === 'conversation:removed') {
      followed.delete((payload as { conversationId: string }).conversationId)
    }
    const held = known?.held ?? (change && opening.get(change.conversationId))
    if (!change || !held) return emit('push', { name, payload })
    held.push({ name, payload, change })
    if (known) letThrough(known)
  })

  live.onState((state) => {
    if (state !== 'online') return
    for (const known of followed.values()) known.behind = true
    void catchUp()
  })

  /** Passes on what follows without a gap; a gap that stays asks for a catch-up. */
  function letThrough(known: Followed): void {
    if (known.behind) return
    known.held.sort((one, other) => one.change.version - other.change.version)
    for (;;) {
      const [next] = known.held
      if (!next || next.change.version > known.version + 1) break
      known.held.shift()
      if (next.change.version <= known.version) continue
      known.version = next.change.version
      if (next.name === 'message:new') known.seq = next.change.seq ?? known.seq
      emit('push', next)
    }
    if (known.held.length === 0) return
    known.behind = true
    void catchUp()
  }

  /** Asks for what is missing until nothing is, or the connection is gone. */
  async function catchUp(): Promise<void> {
    if (catchingUp) return
    catchingUp = true
    for (let failures = 0; live.state() === 'online'; ) {
      const asked = [...followed].filter(([, { behind }]) => behind).slice(0, askedAtOnce)
      if (asked.length === 0) break
      const conversations = asked.map(([conversationId, { seq, version }]) => ({
        conversationId,
        seq,
        version,
      }))
      const before = missing()
      await live
        .call('sync', { conversations }, { onAnswer: (answer) => take(answer as CaughtUp) })
        .catch(() => undefined)
      failures = missing() === before ? failures + 1 : 0
      if (failures > 0 && live.state() === 'online') await pause(backoffMs(failures))
    }
    catchingUp = false
  }

  /** Changes whenever a catch-up has brought something. */
  function missing(): string {
    const open = [...followed].filter(([, { behind }]) => behind)
    return open.map(([id, { version }]) => `${id} ${version}`).join()
  }

  function take({ conversations, gone }: CaughtUp): void {
    for (const conversationId of gone) {
      if (followed.delete(conversationId)) emit('gone', { conversationId })
    }
    for (const caughtUp of conversations) {
      const known = followed.get(caughtUp.conversationId)
      if (!known?.behind) continue
      if (caughtUp.version > known.version) {
        known.version = caughtUp.version
        known.seq = Math.max(known.seq, caughtUp.seq)
        emit('caughtUp', caughtUp)
      }
      known.behind = !caughtUp.complete
      letThrough(known)
    }
  }

  /** Begins with a snapshot, which everything after it follows live. */
  function begin(conversationId: string, { seq, version }: Position): void {
    const known = followed.get(conversationId)
    // What went past before the snapshot arrived is not in it, and has to come again.
    const behind = known !== undefined && known.version > version
    const held = known?.held ?? opening.get(conversationId) ?? []
    const next = { seq, version, behind, held }
    opening.delete(conversationId)
    followed.set(conversationId, next)
    letThrough(next)
    if (behind) void catchUp()
  }

  return {
    onPush: (listener: (push: ConversationEvents['push']) => void) => on('push', listener),
    onCaughtUp: (listener: (caughtUp: CaughtUpConversation) => void) => on('caughtUp', listener),
    onGone: (listener: (gone: { conversationId: string }) => void) => on('gone', listener),

    /** Joins a conversation and follows it from the snapshot of the answer on. */
    async open(conversationId: string): Promise<JoinedConversation> {
      const waiting = opening.get(conversationId) ?? []
      opening.set(conversationId, waiting)
      const onAnswer = (given: unknown) => begin(conversationId, given as JoinedConversation)
      try {
        const answer = await live.call('join:conversation', { conversationId }, { onAnswer })
        return answer as JoinedConversation
      } finally {
        // Still there when it was not opened: then they are nobody's but the application's.
        if (opening.delete(conversationId)) for (const push of waiting) emit('push', push)
      }
    },

    /** Follows a conversation of which the application has everything up to a position. */
    follow(conversationId: string, { seq, version }: Position): void {
      followed.set(conversationId, { seq, version, behind: true, held: [] })
      void catchUp()
    },
    unfollow: (conversationId: string) => void followed.delete(conversationId),

    /** How far each followed conversation has come: to be kept, and followed from after a reload. */
    positions(): ReadonlyMap<string, Position> {
      const positions = [...followed].map(([conversationId, { seq, version }]) => {
        return [conversationId, { seq, version }] as const
      })
      return new Map(positions)
    },

    clear: () => followed.clear(),
  }
}

/** The conversation and the number of a change, when a push tells of one. */
function readChange(name: string, payload: unknown): Change | undefined {
  // Tells one person of a conversation as a whole, and is no change of it.
  if (name === 'conversation:new') return undefined
  if (typeof payload !== 'object' || payload === null) return undefined
  const { conversationId, version } = payload as Partial<Change>
  if (typeof conversationId !== 'string' || typeof version !== 'number') return undefined
  return payload as Change
}
