import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useState,
  useSyncExternalStore,
} from 'react'
import type { StoaClient } from '../../client/index.ts'
import type { ItemOf } from './calls.ts'
import { useClient } from './client.tsx'

export type PresenceState = ItemOf<'users', 'getPresence'>

type Presence = ReturnType<typeof createPresence>

/** What the server takes in one call. */
const askedAtOnce = 500
/** Who is scrolled out of sight mostly comes back: watching ends a little later. */
const lingerMs = 5_000

/**
 * Whether people are there, of exactly those whom some part of the page shows: who is shown twice
 * is watched once, and after a lost connection everybody is asked for anew.
 */
function createPresence(client: StoaClient) {
  const shown = new Map<string, number>()
  const states = new Map<string, PresenceState>()
  const listeners = new Map<string, Set<() => void>>()
  const fresh = new Set<string>()

  function set(state: PresenceState): void {
    states.set(state.userId, state)
    for (const listener of listeners.get(state.userId) ?? []) listener()
  }

  async function askFor(userIds: readonly string[]): Promise<void> {
    for (let start = 0; start < userIds.length; start += askedAtOnce) {
      const some = userIds.slice(start, start + askedAtOnce)
      // What fails for want of a connection is asked again when there is one.
      const answer = await client.api.users
        .watchPresence({ userIds: some })
        .catch(() => ({ items: [] }))
      for (const state of answer.items) set(state)
    }
  }

  function askSoon(userId: string): void {
    if (fresh.size === 0) {
      queueMicrotask(() => {
        const asked = [...fresh]
        fresh.clear()
        if (client.live.state() === 'online') void askFor(asked)
      })
    }
    fresh.add(userId)
  }

  function forget(userId: string): void {
    if (shown.get(userId)) return
    shown.delete(userId)
    states.delete(userId)
    if (client.live.state() !== 'online') return
    void client.api.users.unwatchPresence({ userIds: [userId] }).catch(() => undefined)
  }

  return {
    /** Keeps hearing from the server for as long as the returned function is not called. */
    open(): () => void {
      const stops = [
        client.on('user:online', ({ userId, status }) =>
          set({ userId, online: true, status, lastSeenAt: null }),
        ),
        client.on('user:offline', ({ userId, lastSeenAt }) =>
          set({ userId, online: false, status: 'offline', lastSeenAt }),
        ),
        client.live.onState((state) => {
          if (state === 'online') void askFor([...shown.keys()])
        }),
      ]
      return () => {
        for (const stop of stops) stop()
      }
    },

    get: (userId: string) => states.get(userId),

    /** Counts as one place where the person is shown, until the returned function is called. */
    watch(userId: string, listener: () => void): () => void {
      const count = shown.get(userId) ?? 0
      shown.set(userId, count + 1)
      const ofOne = listeners.get(userId) ?? new Set()
      listeners.set(userId, ofOne.add(listener))
      if (count === 0 && !states.has(userId)) askSoon(userId)
      return () => {
        ofOne.delete(listener)
        if (ofOne.size === 0) listeners.delete(userId)
        shown.set(userId, (shown.get(userId) ?? 1) - 1)
        setTimeout(forget, lingerMs, userId)
      }
    },
  }
}

const PresenceContext = createContext<Presence | undefined>(undefined)

export function PresenceProvider({ children }: { children: ReactNode }) {
  const client = useClient()
  const [presence] = useState(() => createPresence(client))
  useEffect(() => presence.open(), [presence])
  return <PresenceContext value={presence}>{children}</PresenceContext>
}

/** Whether somebody is there, as far as one may know; only who is shown is watched. */
export function usePresence(userId: string | undefined): PresenceState | undefined {
  const presence = useContext(PresenceContext)
  if (!presence) throw new Error('There is no PresenceProvider above this component.')
  const subscribe = useCallback(
    (listener: () => void) =>
      userId === undefined ? () => undefined : presence.watch(userId, listener),
    [presence, userId],
  )
  return useSyncExternalStore(subscribe, () =>
    userId === undefined ? undefined : presence.get(userId),
  )
}
