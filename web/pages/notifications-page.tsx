import { Switch } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { refetch, useAction, useCall, usePages } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { useIsMember } from '../lib/site.ts'
import { useTitle } from '../lib/title.tsx'
import { type Notification, NotificationRow } from '../notifications/notification-row.tsx'
import { Button } from '../ui/button.tsx'
import { EndlessList } from '../ui/endless-list.tsx'
import { BellIcon } from '../ui/icon.tsx'
import { Pane, Screen } from '../ui/screen.tsx'
import { EmptyState, ErrorState, LoadingState } from '../ui/states.tsx'
import { useSay } from '../ui/toast.tsx'
import classes from './notifications-page.module.css'

export function NotificationsPage() {
  const { t, explain } = useI18n()
  useTitle(t('nav.notifications'))
  const say = useSay()
  const queries = useQueryClient()
  const isMember = useIsMember() ?? false
  const [unreadOnly, setUnreadOnly] = useState(false)
  const { data: unread } = useCall('notifications', 'getUnreadNotificationCount', {})
  const list = usePages(
    'notifications',
    'listNotifications',
    { limit: 50, unreadOnly },
    { keepPrevious: true },
  )

  // What the server then tells over the live connection says the same; it may be away just now.
  const settle = {
    onSuccess() {
      void refetch(queries, 'notifications', 'listNotifications')
      void refetch(queries, 'notifications', 'getUnreadNotificationCount')
    },
    onError: (failure: Error) => say(explain(failure), 'danger'),
  }
  const read = useAction('notifications', 'markNotificationRead', settle)
  const readAll = useAction('notifications', 'markAllNotificationsRead', settle)
  const remove = useAction('notifications', 'deleteNotification', settle)
  const unreadCount = unread?.unreadCount ?? 0

  return (
    <Screen
      detail={
        <Pane
          title={t('nav.notifications')}
          scroll={false}
          tools={
            <div className={classes.tools}>
              <Switch
                label={t('notifications.unreadOnly')}
                checked={unreadOnly}
                onChange={(event) => setUnreadOnly(event.currentTarget.checked)}
              />
              {isMember && (
                <Button
                  variant="plain"
                  compact
                  disabled={unreadCount === 0}
                  loading={readAll.isPending}
                  onClick={() => readAll.mutate({})}
                >
                  {t('notifications.markAllRead')}
                </Button>
              )}
            </div>
          }
        >
          <Told
            list={list}
            unreadOnly={unreadOnly}
            onRead={isMember ? (notificationId) => read.mutate({ notificationId }) : undefined}
            onDelete={isMember ? (notificationId) => remove.mutate({ notificationId }) : undefined}
          />
        </Pane>
      }
    />
  )
}

function Told({
  list: { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage },
  unreadOnly,
  onRead,
  onDelete,
}: {
  list: ReturnType<typeof usePages<'notifications', 'listNotifications'>>
  unreadOnly: boolean
  onRead: ((id: string) => void) | undefined
  onDelete: ((id: string) => void) | undefined
}) {
  const { t } = useI18n()
  if (error && !data) return <ErrorState error={error} retry={refetch} />
  if (!data) return <LoadingState />
  if (data.length === 0) {
    return (
      <EmptyState
        icon={<BellIcon size={28} />}
        title={t(unreadOnly ? 'notifications.allRead' : 'notifications.none')}
        hint={t('notifications.noneHint')}
      />
    )
  }
  return (
    <EndlessList
      label={t('nav.notifications')}
      items={data}
      idOf={({ id }: Notification) => id}
      rowHeight={80}
      hasMore={hasNextPage && !isFetchingNextPage}
      loadMore={fetchNextPage}
    >
      {(notification) => (
        <NotificationRow notification={notification} onRead={onRead} onDelete={onDelete} />
      )}
    </EndlessList>
  )
}
