import { Failure, kitFailure } from '../kit/failure.ts'
import type { MessageDraft, SentMessage } from './contracts.ts'
import { createEmitter } from './emitter.ts'
import type { Live } from './live.ts'
import type { Session } from './session.ts'
import type { OutboxEntry, OutboxStorage } from './storage.ts'
import { backoffMs, pause } from './wait.ts'

export type OutboxNews =
  | { entry: OutboxEntry }
  /** Stored by the server; the message itself arrives like everybody's. */
  | { entry: Omit<OutboxEntry, 'state'> & { state: 'sent' }; message: SentMessage }

export type OutboxOptions = { live: Live; session: Session; storage: OutboxStorage }

/**
 * Sends messages until they are acknowledged, across lost connections and restarts, in order per
 * conversation. What the server refuses is failed and stands in nobody's way.
 */
export function createOutbox({ live, session, storage }: OutboxOptions) {
  const { on, emit } = createEmitter<{ change: OutboxNews }>()
  const entries = new Map<string, OutboxEntry>()
  const busy = new Set<string>()
  let lastCreatedAt = 0

  async function change(entry: OutboxEntry, fields: Partial<OutboxEntry>): Promise<void> {
    Object.assign(entry, fields)
    await storage.save(entry)
    emit('change', { entry: { ...entry } })
  }

  function nextOf(conversationId: string): OutboxEntry | undefined {
    const userId = session.state()?.user.id
    for (const entry of entries.values()) {
      const { draft, state } = entry
      if (draft.conversationId !== conversationId || state === 'failed') continue
      if (entry.userId === userId) return entry
    }
    return undefined
  }

  /** Works one conversation's messages off, each after the one before it. */
  async function drain(conversationId: string): Promise<void> {
    if (busy.has(conversationId)) return
    busy.add(conversationId)
    for (let failures = 0; live.state() === 'online'; ) {
      const entry = nextOf(conversationId)
      if (!entry) break
      failures = (await attempt(entry)) ? 0 : failures + 1
      if (failures > 0 && live.state() === 'online') await pause(backoffMs(failures))
    }
    busy.delete(conversationId)
  }

  /** Whether it is settled, one way or the other. */
  async function attempt(entry: OutboxEntry): Promise<boolean> {
    const { uuid } = entry
    const answer = await live.call('message:send', entry.draft).catch(toFailure)
    if (!(answer instanceof Failure)) {
      entries.delete(uuid)
      // Where it stays behind it is sent once more, which stores nothing.
      await storage.remove(uuid).catch(() => undefined)
      emit('change', { entry: { ...entry, state: 'sent' }, message: answer as SentMessage })
      return true
    }
    const refused = isRefusal(answer)
    const outcome: Partial<OutboxEntry> = refused
      ? { state: 'failed', code: answer.code }
      : { state: 'retrying' }
    if (entries.get(uuid) === entry) await change(entry, outcome).catch(() => undefined)
    return refused
  }

  function drainAll(): void {
    for (const { draft } of entries.values()) void drain(draft.conversationId)
  }

  live.onState((state) => {
    if (state === 'online') drainAll()
  })

  return {
    onChange: (listener: (news: OutboxNews) => void) => on('change', listener),

    /** Everything that waits or has failed, in the order in which it was written. */
    entries: (): OutboxEntry[] => [...entries.values()].map((entry) => ({ ...entry })),

    /** Takes up what an earlier run of the application left behind. */
    async load(): Promise<void> {
      const kept = await storage.load()
      const all = [...kept, ...entries.values()].sort(
        (one, other) => one.createdAt - other.createdAt,
      )
      entries.clear()
      for (const entry of all) entries.set(entry.uuid, entry)
      drainAll()
    },

    /** Keeps a message and sends it; settles when it is kept, not when it is sent. */
    async send(draft: Omit<MessageDraft, 'uuid'>): Promise<OutboxEntry> {
      const { user } = session.demand()
      const uuid = crypto.randomUUID()
      lastCreatedAt = Math.max(lastCreatedAt + 1, Date.now())
      const entry: OutboxEntry = {
        uuid,
        userId: user.id,
        draft: { ...draft, uuid },
        createdAt: lastCreatedAt,
        state: 'sending',
      }
      entries.set(uuid, entry)
      try {
        await change(entry, {})
      } catch (error) {
        // What cannot be kept is not taken: the text stays with the caller, and is not sent twice.
        entries.delete(uuid)
        throw error
      }
      void drain(draft.conversationId)
      return { ...entry }
    },

    /** Sends a failed message again. */
    async retry(uuid: string): Promise<void> {
      const entry = entries.get(uuid)
      if (!entry) throw kitFailure('not_found', 'There is no such message to send.')
      const { code: _, ...rest } = entry
      const again: OutboxEntry = { ...rest, state: 'sending' }
      entries.set(uuid, again)
      await change(again, {})
      void drain(entry.draft.conversationId)
    },

    /** Gives a message up. */
    async discard(uuid: string): Promise<void> {
      entries.delete(uuid)
      await storage.remove(uuid)
    },
  }
}

function toFailure(error: unknown): Failure {
  return error instanceof Failure ? error : kitFailure('internal', undefined, { cause: error })
}

/** Whether sending the same again would be refused again. */
function isRefusal({ status, code }: Failure): boolean {
  return status < 500 && code !== 'rate_limited' && code !== 'unauthenticated'
}
