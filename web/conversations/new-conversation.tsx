import { Switch, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Failure } from '../../client/index.ts'
import { useClient } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { moveInList, putConversation } from './cache.ts'
import classes from './new-conversation.module.css'
import { PeoplePicker } from './people-picker.tsx'
import { longestGroupName, type PersonSummary } from './shapes.ts'

/** One person makes a conversation of two; more, or a wish for it, make a group. */
export function NewConversation({ onClose }: { onClose(): void }) {
  const { t, explain } = useI18n()
  const client = useClient()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [chosen, setChosen] = useState<readonly PersonSummary[]>([])
  const [wantsGroup, setWantsGroup] = useState(false)
  const [name, setName] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>()
  const isGroup = wantsGroup || chosen.length > 1
  const ready = isGroup ? name.trim() !== '' : chosen.length === 1

  async function make(): Promise<void> {
    const [first] = chosen
    setBusy(true)
    setProblem(undefined)
    try {
      const { createGroup, openDirect } = client.api.chat
      const conversation =
        isGroup || !first
          ? await createGroup({ name: name.trim(), participantIds: chosen.map(({ id }) => id) })
          : await openDirect({ userId: first.id })
      putConversation(queries, conversation)
      moveInList(queries, conversation.own.archived, conversation.id, 'top')
      onClose()
      await navigate({
        to: '/conversations/$conversationId',
        params: { conversationId: conversation.id },
      })
    } catch (error) {
      setProblem(error)
      setBusy(false)
    }
  }

  const atName = problem instanceof Failure && problem.errors?.some(({ field }) => field === 'name')
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('chat.new')}
      actions={
        <>
          <Button variant="plain" onClick={onClose}>
            {t('action.cancel')}
          </Button>
          <Button disabled={!ready} loading={busy} onClick={() => void make()}>
            {t(isGroup ? 'chat.makeGroup' : 'chat.begin')}
          </Button>
        </>
      }
    >
      <div className={classes.form}>
        <PeoplePicker chosen={chosen} onChange={setChosen} autoFocus />
        <Switch
          label={t('chat.asGroup')}
          checked={isGroup}
          disabled={chosen.length > 1}
          onChange={({ currentTarget }) => setWantsGroup(currentTarget.checked)}
        />
        {isGroup && (
          <TextInput
            label={t('chat.groupName')}
            value={name}
            maxLength={longestGroupName}
            dir="auto"
            error={atName ? explain(problem) : undefined}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && ready && !busy) void make()
            }}
          />
        )}
        {problem !== undefined && !atName && (
          <p role="alert" className={classes.problem}>
            {explain(problem)}
          </p>
        )}
      </div>
    </Dialog>
  )
}
