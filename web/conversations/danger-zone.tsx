import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useClient } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { SignOutIcon } from '../ui/icon.tsx'
import { changeOwn, moveInList } from './cache.ts'
import classes from './conversation-details.module.css'
import { TrashIcon } from './icons.tsx'
import type { Conversation } from './shapes.ts'

type Deed = 'clear' | 'leave' | 'delete'

/** What cannot be undone; each is asked for once more. */
export function DangerZone({ conversation, title }: { conversation: Conversation; title: string }) {
  const { t } = useI18n()
  const [deed, setDeed] = useState<Deed>()
  const group = conversation.type === 'group'
  const choices: { deed: Deed; icon: ReactNode; label: string }[] = [
    { deed: 'clear', icon: <TrashIcon />, label: t('chat.clear') },
    ...(group ? [{ deed: 'leave' as const, icon: <SignOutIcon />, label: t('chat.leave') }] : []),
    ...(!group || conversation.own.admin
      ? [
          {
            deed: 'delete' as const,
            icon: <TrashIcon />,
            label: t(group ? 'chat.deleteGroup' : 'chat.deleteDirect'),
          },
        ]
      : []),
  ]
  return (
    <div className={classes.section}>
      {choices.map(({ deed, icon, label }) => (
        <button
          key={deed}
          type="button"
          className={classes.choice}
          data-tone="danger"
          onClick={() => setDeed(deed)}
        >
          {icon}
          {label}
        </button>
      ))}
      {deed && (
        <Confirm
          deed={deed}
          label={choices.find((one) => one.deed === deed)?.label ?? ''}
          conversation={conversation}
          title={title}
          onClose={() => setDeed(undefined)}
        />
      )}
    </div>
  )
}

type ConfirmProps = {
  deed: Deed
  label: string
  conversation: Conversation
  title: string
  onClose(): void
}

function Confirm({ deed, label, conversation, title, onClose }: ConfirmProps) {
  const { t, explain } = useI18n()
  const client = useClient()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()
  const { id: conversationId, type } = conversation
  const hints = {
    clear: t('chat.clearHint'),
    leave: t('chat.leaveHint', { name: title }),
    delete:
      type === 'group' ? t('chat.deleteGroupHint', { name: title }) : t('chat.deleteDirectHint'),
  }

  async function act(): Promise<void> {
    setBusy(true)
    try {
      const { clearHistory, leaveConversation, deleteConversation } = client.api.chat
      if (deed === 'clear') {
        changeOwn(queries, conversationId, await clearHistory({ conversationId }))
        onClose()
        return
      }
      await (deed === 'leave' ? leaveConversation : deleteConversation)({ conversationId })
      moveInList(queries, conversation.own.archived, conversationId, 'away')
      await navigate({ to: '/conversations' })
    } catch (error) {
      setProblem(explain(error))
      setBusy(false)
    }
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={label}
      size="small"
      actions={
        <>
          <Button variant="plain" onClick={onClose}>
            {t('action.cancel')}
          </Button>
          <Button tone="danger" loading={busy} onClick={() => void act()}>
            {label}
          </Button>
        </>
      }
    >
      <p>{hints[deed]}</p>
      {problem && (
        <p role="alert" className={classes.problem}>
          {problem}
        </p>
      )}
    </Dialog>
  )
}
