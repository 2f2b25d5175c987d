import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useEffectEvent, useRef } from 'react'
import { useClient } from '../lib/client.tsx'
import { changeOwn, getConversation } from './cache.ts'

/** Whoever scrolls past has not read it; whoever stays this long has. */
const stayMs = 350

/** Tells the server how far one has read: what was in sight while the page was looked at. */
export function useReading(conversationId: string): (seq: number) => void {
  const client = useClient()
  const queries = useQueryClient()
  const seen = useRef(0)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)

  const tell = useEffectEvent(async () => {
    const known = getConversation(queries, conversationId)
    if (!known || known.own.unread === 0 || seen.current <= known.own.readSeq) return
    if (document.visibilityState !== 'visible' || !document.hasFocus()) return
    try {
      const own = await client.api.chat.markRead({ conversationId, seq: seen.current })
      changeOwn(queries, conversationId, own)
    } catch {
      // It stays unread until it is looked at again.
    }
  })
  const plan = useCallback(() => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => void tell(), stayMs)
  }, [])

  useEffect(() => {
    document.addEventListener('visibilitychange', plan)
    addEventListener('focus', plan)
    return () => {
      clearTimeout(timer.current)
      document.removeEventListener('visibilitychange', plan)
      removeEventListener('focus', plan)
    }
  }, [plan])

  return useCallback(
    (seq: number) => {
      if (seq > seen.current) seen.current = seq
      plan()
    },
    [plan],
  )
}
