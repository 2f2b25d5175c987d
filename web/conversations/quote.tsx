import { useSyncExternalStore } from 'react'
import { useCall } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { useLive } from '../lib/live.ts'
import { useActions } from './message-actions.tsx'
import { plainText } from './message-body.tsx'
import { usePersonName } from './names.ts'
import classes from './quote.module.css'

/** The message that another answers; pressing it goes there. */
export function Quote({ messageId }: { messageId: string }) {
  const { t } = useI18n()
  const actions = useActions()
  const held = useSyncExternalStore(actions.onHeld, () => actions.find(messageId))
  const { data, error, refetch } = useCall(
    'chat',
    'getMessage',
    { messageId },
    { enabled: !held, staleTime: 60_000 },
  )
  const changed = (id: string) => {
    if (id === messageId && !held) void refetch()
  }
  useLive('message:deleted', (deleted) => changed(deleted.messageId))
  useLive('message:updated', ({ id }) => changed(id))
  const message = held ?? data
  const name = usePersonName(message?.senderId)

  if (error) return <div className={classes.quote}>{t('chat.quoteGone')}</div>
  const deleted = message?.deletedAt != null
  return (
    <button type="button" className={classes.quote} onClick={() => actions.show(messageId)}>
      <span className="said">{t('chat.inReplyTo')}</span>
      <bdi className={classes.name}>{message ? name : '…'}</bdi>
      <span className={classes.text} dir="auto" data-deleted={deleted || undefined}>
        {deleted ? t('chat.deleted') : message ? plainText(message.content) : ''}
      </span>
    </button>
  )
}
