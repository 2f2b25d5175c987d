import { Textarea, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Failure } from '../../client/index.ts'
import { useAction } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { putConversation } from './cache.ts'
import classes from './conversation-details.module.css'
import { type Conversation, longestGroupName } from './shapes.ts'

const longestDescription = 1_000
const longestAddress = 500

/** Lets an admin change what a group is called, what it is for, and how it looks. */
export function EditGroup({ conversation }: { conversation: Conversation }) {
  const { t } = useI18n()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button variant="plain" onClick={() => setOpen(true)}>
        {t('chat.editGroup')}
      </Button>
      {open && <Form conversation={conversation} onClose={() => setOpen(false)} />}
    </>
  )
}

function Form({ conversation, onClose }: { conversation: Conversation; onClose(): void }) {
  const { t, explain } = useI18n()
  const queries = useQueryClient()
  const [name, setName] = useState(conversation.name ?? '')
  const [description, setDescription] = useState(conversation.description ?? '')
  const [avatar, setAvatar] = useState(conversation.avatar ?? '')
  const save = useAction('chat', 'updateConversation', {
    onSuccess(changed) {
      putConversation(queries, changed)
      onClose()
    },
  })
  const { error } = save
  const isWrong = (field: string) =>
    error instanceof Failure && error.errors?.some((one) => one.field === field)
  const wrong = (field: string) => (isWrong(field) ? explain(error) : undefined)

  function submit(): void {
    const text = description.trim()
    save.mutate({
      conversationId: conversation.id,
      name: name.trim(),
      description: text === '' ? null : text,
      avatar: avatar.trim() === '' ? null : avatar.trim(),
    })
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={t('chat.editGroup')}
      actions={
        <>
          <Button variant="plain" onClick={onClose}>
            {t('action.cancel')}
          </Button>
          <Button disabled={name.trim() === ''} loading={save.isPending} onClick={submit}>
            {t('action.save')}
          </Button>
        </>
      }
    >
      <div className={classes.form}>
        <TextInput
          data-autofocus
          label={t('chat.groupName')}
          value={name}
          maxLength={longestGroupName}
          dir="auto"
          error={wrong('name')}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <Textarea
          label={t('chat.groupDescription')}
          value={description}
          maxLength={longestDescription}
          rows={4}
          dir="auto"
          error={wrong('description')}
          onChange={({ currentTarget }) => setDescription(currentTarget.value)}
        />
        <TextInput
          label={t('settings.avatar')}
          type="url"
          value={avatar}
          maxLength={longestAddress}
          placeholder="https://"
          error={isWrong('avatar') && t('settings.avatarRule')}
          onChange={({ currentTarget }) => setAvatar(currentTarget.value)}
        />
        {error && !['name', 'description', 'avatar'].some(isWrong) && (
          <p role="alert" className={classes.problem}>
            {explain(error)}
          </p>
        )}
      </div>
    </Dialog>
  )
}
