import type { MessageDraft } from './contracts.ts'

/** Where a client without cookies keeps its refresh token: a file, a keychain. */
export type TokenStore = {
  read(): Promise<string | undefined>
  write(token: string | undefined): Promise<void>
}

/** A message that is not acknowledged yet. */
export type OutboxEntry = {
  /** Chosen here, once: the server stores one message for it, however often it arrives. */
  uuid: string
  userId: string
  draft: MessageDraft
  createdAt: number
  /** `retrying`: an attempt failed and another comes; `failed`: refused, and not sent again. */
  state: 'sending' | 'retrying' | 'failed'
  /** Why, when it failed. */
  code?: string
}

/** Where messages wait that are not acknowledged yet. */
export type OutboxStorage = {
  load(): Promise<OutboxEntry[]>
  save(entry: OutboxEntry): Promise<void>
  remove(uuid: string): Promise<void>
}

/** Forgets with the process. */
export function memoryTokens(): TokenStore {
  let kept: string | undefined
  return {
    read: async () => kept,
    async write(token) {
      kept = token
    },
  }
}

/**
 * Keeps the id of an exchange of tokens that has no answer yet. It opens nothing by itself: with
 * the token it says that this is the same exchange, asked once more.
 */
export type AttemptStore = {
  read(): string | undefined
  write(attemptId: string | undefined): void
}

/** Forgets with the process. */
export function memoryAttempt(): AttemptStore {
  let kept: string | undefined
  return {
    read: () => kept,
    write(attemptId) {
      kept = attemptId
    },
  }
}

/** Forgets with the process. */
export function memoryOutbox(): OutboxStorage {
  const entries = new Map<string, OutboxEntry>()
  return {
    load: async () => structuredClone([...entries.values()]),
    save: async (entry) => void entries.set(entry.uuid, structuredClone(entry)),
    remove: async (uuid) => void entries.delete(uuid),
  }
}

/** The part of a browser's `localStorage` that is used. */
export type KeyValueStore = {
  readonly length: number
  key(index: number): string | null
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** Survives a reload, and is shared by the tabs of a browser, as their cookie is. */
export function browserAttempt(store: KeyValueStore): AttemptStore {
  const key = 'stoa.refresh-attempt'
  return {
    read: () => store.getItem(key) ?? undefined,
    write(attemptId) {
      if (attemptId === undefined) return store.removeItem(key)
      try {
        store.setItem(key, attemptId)
      } catch {
        // There is no room: then an exchange is good for as long as it would be without an id.
      }
    },
  }
}

const prefix = 'stoa.outbox.'

/** Survives a reload, and is shared by the tabs of a browser. */
export function browserOutbox(store: KeyValueStore): OutboxStorage {
  return {
    async load() {
      const keys = Array.from({ length: store.length }, (_, index) => store.key(index))
      return keys.flatMap((key) => {
        if (!key?.startsWith(prefix)) return []
        const entry = readEntry(store.getItem(key))
        return entry ? [entry] : []
      })
    },
    save: async (entry) => store.setItem(prefix + entry.uuid, JSON.stringify(entry)),
    remove: async (uuid) => store.removeItem(prefix + uuid),
  }
}

/** Anything may lie in a browser's storage: what is no entry must not keep the others back. */
function readEntry(text: string | null): OutboxEntry | undefined {
  try {
    const entry = JSON.parse(text ?? 'null') as Partial<OutboxEntry> | null
    const { uuid, userId, draft, createdAt, state } = entry ?? {}
    const whole =
      typeof uuid === 'string' &&
      typeof userId === 'string' &&
      typeof draft?.conversationId === 'string' &&
      typeof createdAt === 'number' &&
      (state === 'sending' || state === 'retrying' || state === 'failed')
    return whole ? (entry as OutboxEntry) : undefined
  } catch {
    return undefined
  }
}
