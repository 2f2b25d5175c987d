import { useQueryClient } from '@tanstack/react-query'
import { refetch, useAction } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { useSay } from '../ui/toast.tsx'
import { changeOwn } from './cache.ts'
import classes from './conversation-details.module.css'
import { ArchiveIcon, MuteIcon, PinIcon } from './icons.tsx'
import type { Conversation } from './shapes.ts'

const hourMs = 3_600_000
const times = [
  { key: 'chat.muteHour', ms: hourMs },
  { key: 'chat.muteEvening', ms: 8 * hourMs },
  { key: 'chat.muteWeek', ms: 7 * 24 * hourMs },
] as const

/** What one chooses for oneself alone: to be told of it, and where it stands in the list. */
export function OwnChoices({ conversation }: { conversation: Conversation }) {
  const { t, explain, formatDateTime } = useI18n()
  const queries = useQueryClient()
  const say = useSay()
  const { id: conversationId, own } = conversation
  const options = {
    onSuccess(state: Conversation['own']) {
      changeOwn(queries, conversationId, state)
      void refetch(queries, 'chat', 'listConversations')
      void refetch(queries, 'chat', 'getUnreadCount')
    },
    onError: (error: unknown) => say(explain(error), 'danger'),
  }
  const mute = useAction('chat', 'muteConversation', options)
  const archive = useAction('chat', 'archiveConversation', options)
  const pin = useAction('chat', 'pinConversation', options)

  function muteFor(ms?: number): void {
    const until = ms === undefined ? {} : { until: new Date(Date.now() + ms).toISOString() }
    mute.mutate({ conversationId, muted: true, ...until })
  }

  return (
    <div className={classes.section}>
      <button
        type="button"
        className={classes.choice}
        onClick={() => pin.mutate({ conversationId, pinned: !own.pinned })}
      >
        <PinIcon />
        {t(own.pinned ? 'chat.unpinConversation' : 'chat.pinConversation')}
      </button>
      {own.muted ? (
        <button
          type="button"
          className={classes.choice}
          onClick={() => mute.mutate({ conversationId, muted: false })}
        >
          <MuteIcon />
          <span>
            {own.mutedUntil
              ? t('chat.unmuteUntil', { time: formatDateTime(own.mutedUntil) })
              : t('chat.unmute')}
          </span>
        </button>
      ) : (
        <Menu
          button={(button) => (
            <button {...button} type="button" className={classes.choice}>
              <MuteIcon />
              {t('chat.mute')}
            </button>
          )}
        >
          {times.map(({ key, ms }) => (
            <MenuItem key={key} onClick={() => muteFor(ms)}>
              {t(key)}
            </MenuItem>
          ))}
          <MenuItem onClick={() => muteFor()}>{t('chat.muteAlways')}</MenuItem>
        </Menu>
      )}
      <button
        type="button"
        className={classes.choice}
        onClick={() => archive.mutate({ conversationId, archived: !own.archived })}
      >
        <ArchiveIcon />
        {t(own.archived ? 'chat.unarchive' : 'chat.archive')}
      </button>
    </div>
  )
}
