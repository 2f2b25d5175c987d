import { useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { refetch, useCall } from '../lib/calls.ts'
import { useMe } from '../lib/client.tsx'
import { useLive } from '../lib/live.ts'
import { useIsMember } from '../lib/site.ts'

/** News that come within this time are counted together. */
const gatherMs = 1_000

/** How much waits for this person, over everything. */
export function useUnread(): { messages: number; mentions: number; notifications: number } {
  const queries = useQueryClient()
  const me = useMe()
  const { data: chat } = useCall('chat', 'getUnreadCount', {}, { enabled: useIsMember() === true })
  const { data: told } = useCall('notifications', 'getUnreadNotificationCount', {})

  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined)
  // Which conversations are muted is the server's to know, so it counts anew; in a lively hour
  // not at every message.
  function count() {
    waiting.current ??= setTimeout(() => {
      waiting.current = undefined
      void refetch(queries, 'chat', 'getUnreadCount')
    }, gatherMs)
  }
  useLive('message:new', ({ senderId }) => {
    if (senderId !== me.id) count()
  })
  useLive('conversation:state', count)

  return {
    messages: chat?.unread ?? 0,
    mentions: chat?.mentions ?? 0,
    notifications: told?.unreadCount ?? 0,
  }
}
