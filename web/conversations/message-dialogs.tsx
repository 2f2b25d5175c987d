import { useState } from 'react'
import { useClient, useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { Avatar } from '../ui/avatar.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { EmojiPanel } from './emoji-panel.tsx'
import type { MessageActions } from './message-actions.tsx'
import { plainText } from './message-body.tsx'
import classes from './message-dialogs.module.css'
import type { Message, Participant } from './shapes.ts'

export type OpenDialog = { kind: 'delete' | 'react' | 'readers'; message: Message }

export type MessageDialogsProps = {
  dialog: OpenDialog
  participants: readonly Participant[]
  actions: MessageActions
  onClose(): void
}

/** What is asked or told about a message, in a window over the conversation. */
export function MessageDialogs({ dialog, participants, actions, onClose }: MessageDialogsProps) {
  const { t } = useI18n()
  const { kind, message } = dialog
  if (kind === 'delete') return <DeleteDialog message={message} onClose={onClose} />
  if (kind === 'readers') {
    return <ReadersDialog message={message} participants={participants} onClose={onClose} />
  }
  return (
    <Dialog open onClose={onClose} title={t('chat.react')} size="small">
      <EmojiPanel
        onPick={(emoji) => {
          actions.react(message, emoji)
          onClose()
        }}
      />
    </Dialog>
  )
}

function DeleteDialog({ message, onClose }: { message: Message; onClose(): void }) {
  const { t, explain } = useI18n()
  const client = useClient()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()

  async function remove(): Promise<void> {
    setBusy(true)
    try {
      await client.api.chat.deleteMessage({ messageId: message.id })
      onClose()
    } catch (error) {
      setProblem(explain(error))
      setBusy(false)
    }
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={t('chat.deleteTitle')}
      size="small"
      actions={
        <>
          <Button variant="plain" onClick={onClose}>
            {t('action.cancel')}
          </Button>
          <Button tone="danger" loading={busy} onClick={() => void remove()}>
            {t('chat.delete')}
          </Button>
        </>
      }
    >
      <p>{t('chat.deleteHint')}</p>
      <blockquote className={classes.quoted} dir="auto">
        {plainText(message.content)}
      </blockquote>
      {problem && <p role="alert">{problem}</p>}
    </Dialog>
  )
}

type ReadersProps = { message: Message; participants: readonly Participant[]; onClose(): void }

function ReadersDialog({ message, participants, onClose }: ReadersProps) {
  const { t } = useI18n()
  const me = useMe()
  const others = participants.filter(({ userId }) => userId !== me.id)
  const readers = others.filter(({ readSeq }) => readSeq >= message.seq)
  return (
    <Dialog open onClose={onClose} title={t('chat.readers')} size="small">
      {readers.length === 0 && <p>{t('chat.readByNobody')}</p>}
      <ul className={classes.people}>
        {readers.map(({ userId, person }) => {
          const name = person?.displayName ?? t('chat.someone')
          return (
            <li key={userId} className={classes.person}>
              <Avatar name={name} id={userId} src={person?.avatar} size={32} />
              <bdi>{name}</bdi>
            </li>
          )
        })}
      </ul>
      <p className={classes.note}>{t('chat.readersNote')}</p>
    </Dialog>
  )
}
