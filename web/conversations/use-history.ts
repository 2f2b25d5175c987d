import { useEffect, useEffectEvent, useRef, useState, useSyncExternalStore } from 'react'
import type { StoaClient } from '../../client/index.ts'
import { useClient, useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useSay } from '../ui/toast.tsx'
import type { HistoryHandle } from './history.tsx'
import { useKeyed } from './keyed.ts'
import type { Conversation, ShownMessage } from './shapes.ts'
import { useStores } from './stores.tsx'
import { createTimeline, type Target } from './timeline.ts'
import { useRows } from './use-rows.ts'

const none: readonly ShownMessage[] = []
const shownMs = 2_000

async function placeOf(client: StoaClient, messageId: string): Promise<Target> {
  const { seq } = await client.api.chat.getMessage({ messageId })
  return { seq, at: 'middle' }
}

/** The messages of a conversation from where one begins to read, and ways to get about in them. */
export function useHistory(conversation: Conversation | undefined, id: string, messageId?: string) {
  const client = useClient()
  const me = useMe()
  const { t } = useI18n()
  const say = useSay()
  const { pending } = useStores()
  const handle = useRef<HistoryHandle>(null)
  const [timeline] = useState(() => createTimeline(client, id))
  const state = useSyncExternalStore(timeline.subscribe, timeline.state)
  const waiting = useKeyed(pending, id) ?? none
  const [newAfter, setNewAfter] = useState<number>()
  const [found, setFound] = useState<number>()
  const known = conversation !== undefined

  function flash(seq: number): void {
    setFound(seq)
    setTimeout(() => setFound((now) => (now === seq ? undefined : now)), shownMs)
  }

  const begin = useEffectEvent(async (isOver: () => boolean) => {
    if (!conversation) return
    const { seq, version, own } = conversation
    const unread = own.unread > 0 && own.readSeq < seq
    setNewAfter(unread ? own.readSeq : undefined)
    let target: Target | undefined = unread ? { seq: own.readSeq + 1, at: 'start' } : undefined
    let named: Target | undefined
    if (messageId !== undefined) {
      try {
        named = await placeOf(client, messageId)
        target = named
      } catch {
        say(t('chat.messageGone'), 'danger')
      }
    }
    if (isOver()) return
    await timeline.start({ seq, version }, target)
    // Not before it is there: on a slow line it would be over when it is.
    if (named && !isOver()) flash(named.seq)
  })
  useEffect(() => {
    if (!known) return
    let over = false
    void begin(() => over)
    return () => {
      over = true
      timeline.stop()
      pending.forgetStored(id)
    }
  }, [known, timeline, pending, id])

  const cleared = conversation?.own.clearedSeq ?? 0
  useEffect(() => {
    if (state.status === 'ready') timeline.clear(cleared)
  }, [timeline, cleared, state.status])

  async function show(wanted: string): Promise<void> {
    try {
      const held = timeline.state().messages.find((message) => message.id === wanted)
      const target: Target = held ? { seq: held.seq, at: 'middle' } : await placeOf(client, wanted)
      if (!handle.current?.goTo(target)) await timeline.jump(target)
      flash(target.seq)
    } catch {
      say(t('chat.messageGone'), 'danger')
    }
  }
  /** The address may name another message while the conversation is open. */
  const showNamed = useEffectEvent(() => {
    if (messageId !== undefined && state.status === 'ready') void show(messageId)
  })
  const first = useRef(messageId)
  useEffect(() => {
    if (first.current === messageId) return
    first.current = messageId
    showNamed()
  }, [messageId])

  // What comes while nobody looks is new when somebody does.
  const markAway = useEffectEvent(() => {
    if (document.visibilityState === 'hidden') setNewAfter(timeline.state().messages.at(-1)?.seq)
  })
  useEffect(() => {
    const hear = () => markAway()
    document.addEventListener('visibilitychange', hear)
    return () => document.removeEventListener('visibilitychange', hear)
  }, [])

  const rows = useRows({
    messages: state.messages,
    pending: state.newer ? none : waiting,
    newAfter,
    userId: me.id,
  })

  return {
    handle,
    timeline,
    state,
    rows,
    found,
    show,
    /** Shows what was said last. */
    showLatest(): void {
      if (timeline.state().newer) void timeline.jump()
      else handle.current?.goToEnd()
    },
    /** What was new is known now. */
    noneNew: () => setNewAfter(undefined),
  }
}
