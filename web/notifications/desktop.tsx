import { useNavigate } from '@tanstack/react-router'
import { useCall } from '../lib/calls.ts'
import { useClient, useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useLive } from '../lib/live.ts'
import { type Notification as News, titleOf } from './notification-row.tsx'

type Place = { conversationId?: string; messageId?: string }

/**
 * Lets the browser tell of messages and other news while nobody looks at the page: if the browser
 * may, the person's settings say so, and the conversation is not muted. Several tabs tell once,
 * because what is told carries a name.
 */
export function DesktopNotifications() {
  const { t } = useI18n()
  const me = useMe()
  const client = useClient()
  const navigate = useNavigate()
  const { data: settings } = useCall('users', 'getSettings', {}, { staleTime: 300_000 })

  function show(tag: string, title: string, body: string, { conversationId, messageId }: Place) {
    if (!settings?.pushNotifications || document.visibilityState === 'visible') return
    if (!('Notification' in window) || Notification.permission !== 'granted') return
    const shown = new Notification(title, {
      tag,
      body: settings.showPreview ? body : '',
      icon: '/icon-192.png',
      silent: !settings.soundEnabled,
    })
    shown.onclick = () => {
      window.focus()
      shown.close()
      if (conversationId === undefined) void navigate({ to: '/notifications' })
      else {
        void navigate({
          to: '/conversations/$conversationId',
          params: { conversationId },
          search: messageId === undefined ? {} : { message: messageId },
        })
      }
    }
  }

  useLive('message:new', async ({ id, conversationId, senderId, content }) => {
    if (senderId === me.id || document.visibilityState === 'visible') return
    const [conversation, sender] = await Promise.all([
      client.api.chat.getConversation({ conversationId }),
      client.api.users.getUser({ userId: senderId }),
    ]).catch(() => [])
    if (!conversation || !sender || conversation.own.muted) return
    const isGroup = conversation.type === 'group'
    if (isGroup ? !settings?.groupNotifications : !settings?.messageNotifications) return
    const title = isGroup ? `${sender.displayName} · ${conversation.name}` : sender.displayName
    show(`message-${id}`, title, content.slice(0, 200), { conversationId, messageId: id })
  })

  useLive('notification:new', (news: News) => {
    const { conversationId, messageId } = news.data
    // Of a message that mentions one, this takes the place of the message itself.
    const about = typeof messageId === 'string' ? `message-${messageId}` : `notification-${news.id}`
    show(about, titleOf(news, t), news.body, {
      ...(typeof conversationId === 'string' && { conversationId }),
      ...(typeof messageId === 'string' && { messageId }),
    })
  })

  return null
}
