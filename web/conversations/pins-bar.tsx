import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { keyOf, useCall } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { useLive } from '../lib/live.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Time } from '../ui/time.tsx'
import { PinIcon } from './icons.tsx'
import { useActions } from './message-actions.tsx'
import { plainText } from './message-body.tsx'
import { usePersonName } from './names.ts'
import classes from './pins-bar.module.css'
import type { Conversation, Message } from './shapes.ts'

/** The message that was pinned last, and the way to the others. */
export function PinsBar({ conversation }: { conversation: Conversation }) {
  const { t } = useI18n()
  const queries = useQueryClient()
  const { show } = useActions()
  const [open, setOpen] = useState(false)
  const { id: conversationId, pinned } = conversation
  const { data } = useCall('chat', 'listPinned', { conversationId, limit: 10 })
  const renew = (at: { conversationId: string }) => {
    if (at.conversationId !== conversationId) return
    void queries.invalidateQueries({ queryKey: keyOf('chat', 'listPinned') })
  }
  useLive('message:pinned', renew)
  useLive('message:unpinned', renew)
  useLive('message:updated', renew)

  const items = data?.items.filter(({ id }) => pinned.includes(id)) ?? []
  const [latest] = items
  return (
    <div className={classes.bar}>
      <PinIcon size={16} />
      <button
        type="button"
        className={classes.latest}
        onClick={() => latest && show(latest.id)}
        dir="auto"
      >
        <span className="said">{t('chat.pinned')}</span>
        {latest ? plainText(latest.content) : '…'}
      </button>
      {pinned.length > 1 && (
        <button type="button" className={classes.all} onClick={() => setOpen(true)}>
          {t('chat.allPins', { count: pinned.length })}
        </button>
      )}
      <Dialog open={open} onClose={() => setOpen(false)} title={t('chat.pins')}>
        <ul className={classes.list}>
          {items.map((message) => (
            <Pin
              key={message.id}
              message={message}
              onShow={() => {
                setOpen(false)
                show(message.id)
              }}
            />
          ))}
        </ul>
      </Dialog>
    </div>
  )
}

function Pin({ message, onShow }: { message: Message; onShow(): void }) {
  const name = usePersonName(message.senderId)
  return (
    <li>
      <button type="button" className={classes.pin} onClick={onShow}>
        <span className={classes.head}>
          <bdi>{name}</bdi>
          <Time at={message.createdAt} />
        </span>
        <span dir="auto">{plainText(message.content)}</span>
      </button>
    </li>
  )
}
