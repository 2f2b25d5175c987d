import { useEffect, useEffectEvent, useState } from 'react'
import { useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { plainText } from './message-body.tsx'
import type { Message } from './shapes.ts'
import { useStores } from './stores.tsx'
import type { Timeline } from './timeline.ts'

/** What a program that reads aloud is to say when somebody else says something here. */
export function useAnnouncements(timeline: Timeline): string {
  const { t } = useI18n()
  const me = useMe()
  const { people } = useStores()
  const [news, setNews] = useState('')
  const hear = useEffectEvent(({ senderId, deletedAt, content }: Message) => {
    if (senderId === me.id || deletedAt !== null) return
    const person = people.get(senderId)
    const name = typeof person === 'object' ? person.displayName : t('chat.someone')
    setNews(t('chat.says', { name, text: plainText(content) }))
  })
  useEffect(() => timeline.onNews((message) => hear(message)), [timeline])
  return news
}
