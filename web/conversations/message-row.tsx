import { memo, useState } from 'react'
import { Failure } from '../../client/index.ts'
import { useI18n } from '../lib/i18n.tsx'
import { Avatar } from '../ui/avatar.tsx'
import { AlertIcon, CheckIcon } from '../ui/icon.tsx'
import { Time } from '../ui/time.tsx'
import { ClockIcon, PinIcon, ReadIcon } from './icons.tsx'
import { useActions } from './message-actions.tsx'
import { MessageBody } from './message-body.tsx'
import classes from './message-row.module.css'
import { MessageTools } from './message-tools.tsx'
import { useNameOf } from './names.ts'
import { Quote } from './quote.tsx'
import { Reactions } from './reactions.tsx'
import type { ShownMessage } from './shapes.ts'
import { usePerson } from './stores.tsx'

export type MessageRowProps = {
  rowKey: string
  message: ShownMessage
  newDay: boolean
  grouped: boolean
  firstNew: boolean
  own: boolean
  pinned: boolean
  /** How many of the others have read it; `all` of a conversation. Of own messages only. */
  read: 'none' | 'some' | 'all' | undefined
  /** Whether the keyboard comes to this row first. */
  current: boolean
  /** Was just jumped to. */
  found: boolean
}

/** One message, and the day or the line that begins with it. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { message, newDay, firstNew, rowKey } = props
  const { t, formatDay } = useI18n()
  return (
    <div
      className={classes.row}
      data-key={rowKey}
      data-first-new={firstNew || undefined}
      data-seq={message.pending || message.version === 0 ? undefined : message.seq}
    >
      {newDay && (
        <div className={classes.day}>
          <span>{formatDay(message.createdAt)}</span>
        </div>
      )}
      {firstNew && (
        <div className={classes.fresh}>
          <span>{t('chat.newMessages')}</span>
        </div>
      )}
      <Article {...props} />
    </div>
  )
})

function Article({ message, grouped, own, pinned, read, current, found, rowKey }: MessageRowProps) {
  const { t, formatTime } = useI18n()
  const nameOf = useNameOf()
  const person = usePerson(message.senderId)
  const [near, setNear] = useState(false)
  const [focused, setFocused] = useState(false)
  const name = nameOf(person)
  const deleted = message.deletedAt !== null
  const { pending } = message

  return (
    <article
      className={classes.message}
      data-grouped={grouped}
      data-found={found || undefined}
      data-pending={pending?.state}
      tabIndex={current ? 0 : -1}
      data-message={rowKey}
      aria-label={t('chat.messageBy', { name, time: formatTime(message.createdAt) })}
      onPointerEnter={({ pointerType }) => pointerType === 'mouse' && setNear(true)}
      onPointerLeave={() => setNear(false)}
      onFocus={() => setFocused(true)}
      onBlur={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget)) setFocused(false)
      }}
    >
      <div className={classes.gutter}>
        {grouped ? (
          <Time at={message.createdAt} as="time" className={classes.sideTime ?? ''} />
        ) : (
          <Avatar
            name={name}
            id={message.senderId}
            src={typeof person === 'object' ? person.avatar : null}
            size={36}
          />
        )}
      </div>
      <div className={classes.main}>
        {!grouped && (
          <div className={classes.head}>
            <bdi className={classes.name}>{name}</bdi>
            <Time at={message.createdAt} as="time" className={classes.time ?? ''} />
            {pinned && (
              <span className={classes.pinned}>
                <PinIcon size={14} />
                <span className="said">{t('chat.pinned')}</span>
              </span>
            )}
          </div>
        )}
        {message.replyTo !== null && <Quote messageId={message.replyTo} />}
        {deleted ? (
          <p className={classes.deleted}>{t('chat.deleted')}</p>
        ) : (
          <MessageBody content={message.content} />
        )}
        {!deleted && message.editedAt !== null && (
          <span
            className={classes.edited}
            title={t('chat.editedAt', { time: formatTime(message.editedAt) })}
          >
            {t('chat.edited')}
          </span>
        )}
        {message.reactions.length > 0 && <Reactions message={message} />}
        {pending?.state === 'failed' && <Failed message={message} />}
      </div>
      <div className={classes.state}>
        {own && !deleted && <SendState message={message} read={read} />}
      </div>
      {(near || focused) && !pending && !deleted && message.version > 0 && (
        <MessageTools message={message} own={own} />
      )}
    </article>
  )
}

/** How far one's own message has come. */
function SendState({ message, read }: Pick<MessageRowProps, 'message' | 'read'>) {
  const { t } = useI18n()
  const state = message.pending?.state
  if (state === 'failed') return null
  if (state) {
    const label = state === 'retrying' ? t('chat.retrying') : t('chat.sending')
    return (
      <span title={label}>
        <ClockIcon size={14} />
        <span className="said">{label}</span>
      </span>
    )
  }
  const label = t(
    read === 'all' ? 'chat.readByAll' : read === 'some' ? 'chat.readBySome' : 'chat.sent',
  )
  return (
    <span title={label} data-read={read}>
      {read === 'all' || read === 'some' ? <ReadIcon size={16} /> : <CheckIcon size={14} />}
      <span className="said">{label}</span>
    </span>
  )
}

/** A message that the server refused: why, and what can be done about it. */
function Failed({ message }: { message: ShownMessage }) {
  const { t, explain } = useI18n()
  const actions = useActions()
  const { code } = message.pending ?? {}
  const reason = explain(code === undefined ? undefined : new Failure(code, 400))
  return (
    <div className={classes.failed} role="alert">
      <AlertIcon size={16} />
      <span>{t('chat.notSent', { reason })}</span>
      <span className={classes.choices}>
        <button type="button" onClick={() => actions.retry(message)}>
          {t('action.retry')}
        </button>
        <button type="button" onClick={() => actions.revise(message)}>
          {t('chat.edit')}
        </button>
        <button type="button" onClick={() => actions.discard(message)}>
          {t('chat.discard')}
        </button>
      </span>
    </div>
  )
}
