import { useState } from 'react'
import { useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useLive } from '../lib/live.ts'
import { plainText } from './message-body.tsx'
import { useStores } from './stores.tsx'

/** What a program that reads aloud is to say when somebody else says something here. */
export function useAnnouncements(conversationId: string): string {
  const { t } = useI18n()
  const me = useMe()
  const { people } = useStores()
  const [news, setNews] = useState('')
  useLive('message:new', ({ conversationId: at, senderId, content }) => {
    if (at !== conversationId || senderId === me.id) return
    const person = people.get(senderId)
    const name = typeof person === 'object' ? person.displayName : t('chat.someone')
    setNews(t('chat.says', { name, text: plainText(content) }))
  })
  return news
}
