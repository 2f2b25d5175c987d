import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type ItemOf, useCall } from '../lib/calls.ts'
import type { I18n, MessageKey } from '../lib/i18n.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { AlertIcon, BellIcon, CheckIcon, CloseIcon, ConversationsIcon } from '../ui/icon.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { Time } from '../ui/time.tsx'
import classes from './notification-row.module.css'

export type Notification = ItemOf<'notifications', 'listNotifications'>

const icons: Partial<Record<Notification['type'], ReactNode>> = {
  security: <AlertIcon />,
  mention: <ConversationsIcon />,
  message: <ConversationsIcon />,
  reaction: <ConversationsIcon />,
}

/** What happened, in the person's language where the kind of news is enough to say it. */
export function titleOf({ type, title }: Notification, t: I18n['t']): string {
  const titles: Partial<Record<Notification['type'], MessageKey>> = {
    mention: 'notifications.mention',
    message: 'notifications.message',
    reaction: 'notifications.reaction',
    call: 'notifications.call',
  }
  const key = titles[type]
  return key ? (t as (key: MessageKey) => string)(key) : title
}

export type NotificationRowProps = {
  notification: Notification
  /** Absent while the person may not change anything. */
  onRead?: ((id: string) => void) | undefined
  onDelete?: ((id: string) => void) | undefined
}

export function NotificationRow({ notification, onRead, onDelete }: NotificationRowProps) {
  const { t } = useI18n()
  const { id, type, body, isRead, createdAt } = notification
  const title = titleOf(notification, t)
  return (
    <article className={classes.row} data-unread={!isRead}>
      <span className={classes.icon} data-tone={type}>
        {icons[type] ?? <BellIcon />}
      </span>
      <div className={classes.lines}>
        <p className={classes.head}>
          <Target notification={notification} onOpen={() => !isRead && onRead?.(id)}>
            {!isRead && <span className="said">{t('notifications.unread')} </span>}
            {title}
          </Target>
          <Time at={createdAt} className={classes.time} />
        </p>
        {body && (
          <p className={classes.body} dir="auto">
            <Sender notification={notification} />
            {body}
          </p>
        )}
      </div>
      <div className={classes.actions}>
        {!isRead && onRead && (
          <IconButton
            label={t('notifications.markRead')}
            icon={<CheckIcon size={18} />}
            onClick={() => onRead(id)}
          />
        )}
        {onDelete && (
          <IconButton
            label={t('notifications.delete')}
            icon={<CloseIcon size={18} />}
            onClick={() => onDelete(id)}
          />
        )}
      </div>
    </article>
  )
}

/** Leads to what the news is about, when that has a place in the app. */
function Target({
  notification: { data },
  onOpen,
  children,
}: {
  notification: Notification
  onOpen: () => void
  children: ReactNode
}) {
  const { conversationId, messageId } = data
  if (typeof conversationId !== 'string') return <span className={classes.title}>{children}</span>
  return (
    <Link
      className={classes.title}
      to="/conversations/$conversationId"
      params={{ conversationId }}
      search={typeof messageId === 'string' ? { message: messageId } : {}}
      onClick={onOpen}
    >
      {children}
    </Link>
  )
}

/** Who wrote what the notification shows. */
function Sender({ notification: { data } }: { notification: Notification }) {
  const userId = typeof data.senderId === 'string' ? data.senderId : ''
  const { data: person } = useCall('users', 'getUser', { userId }, { enabled: userId !== '' })
  if (!person) return null
  return (
    <>
      <bdi className={classes.sender}>{person.displayName}</bdi>
      {': '}
    </>
  )
}
