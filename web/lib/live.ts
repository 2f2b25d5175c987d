import type { QueryClient } from '@tanstack/react-query'
import { useEffect, useEffectEvent } from 'react'
import type { ClientEvents, StoaClient } from '../../client/index.ts'
import { useClient } from './client.tsx'

/** Hears an event of the server for as long as the component is there. */
export function useLive<N extends keyof ClientEvents>(
  name: N,
  hear: (payload: ClientEvents[N]) => void,
): void {
  const client = useClient()
  const heard = useEffectEvent(hear)
  useEffect(() => client.on(name, (payload) => heard(payload)), [client, name])
}

/**
 * Keeps what is cached true to what the server tells, on whichever screen one is. Lists that a
 * screen keeps by itself are its own business: it listens with `useLive`.
 */
export function bridgeLive(client: StoaClient, queries: QueryClient): () => void {
  const count = (unreadCount: number) =>
    queries.setQueryData(['notifications', 'getUnreadNotificationCount', {}], { unreadCount })
  const stale = (...queryKey: string[]) => void queries.invalidateQueries({ queryKey })

  let wasOnline = false
  const stops = [
    client.on('notification:new', ({ unreadCount }) => {
      count(unreadCount)
      stale('notifications', 'listNotifications')
    }),
    client.on('notification:read', ({ unreadCount }) => {
      count(unreadCount)
      stale('notifications', 'listNotifications')
    }),
    client.on('notification:deleted', ({ unreadCount }) => {
      count(unreadCount)
      stale('notifications', 'listNotifications')
    }),
    client.live.onState((state) => {
      if (state !== 'online') return
      // What was told while there was no connection was told to nobody.
      if (wasOnline) void queries.invalidateQueries()
      else void renewFirst(queries)
      wasOnline = true
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** Asks once more for what the page began with: an answer may be older than the connection. */
async function renewFirst(queries: QueryClient): Promise<void> {
  const asked = queries.getQueryCache().getAll()
  await Promise.allSettled(asked.map(({ promise }) => promise))
  for (const { queryKey } of asked) {
    const [service] = queryKey
    if (service !== 'chat' && service !== 'notifications') continue
    void queries.invalidateQueries({ queryKey, exact: true })
  }
}
