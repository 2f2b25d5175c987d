import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAction } from '../lib/calls.ts'
import { useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { Avatar } from '../ui/avatar.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { MoreIcon, PlusIcon } from '../ui/icon.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { ErrorState, LoadingState } from '../ui/states.tsx'
import { useSay } from '../ui/toast.tsx'
import { conversationKey, participantsKey } from './cache.ts'
import classes from './conversation-details.module.css'
import { PeoplePicker } from './people-picker.tsx'
import type { Conversation, Participant, PersonSummary } from './shapes.ts'
import { useShownPresence } from './stores.tsx'
import { useParticipants } from './use-conversations.ts'

const shownAtFirst = 50

/** Who is in a conversation; admins of a group change that here. */
export function Members({ conversation }: { conversation: Conversation }) {
  const { t } = useI18n()
  const { id, type, own, memberCount } = conversation
  const { data: participants, error, refetch } = useParticipants(id)
  const [adding, setAdding] = useState(false)
  const [all, setAll] = useState(false)
  const administers = type === 'group' && own.admin
  const shown = all ? participants : participants?.slice(0, shownAtFirst)

  return (
    <section className={classes.section} aria-label={t('chat.members', { count: memberCount })}>
      <h3 className={classes.heading}>
        {t('chat.members', { count: memberCount })}
        {administers && (
          <IconButton label={t('chat.add')} icon={<PlusIcon />} onClick={() => setAdding(true)} />
        )}
      </h3>
      {error && !participants && <ErrorState error={error} retry={refetch} />}
      {!participants && !error && <LoadingState rows={3} />}
      <ul>
        {shown?.map((participant) => (
          <MemberRow
            key={participant.userId}
            conversationId={id}
            participant={participant}
            administers={administers}
          />
        ))}
      </ul>
      {!all && participants && participants.length > shownAtFirst && (
        <Button variant="quiet" onClick={() => setAll(true)}>
          {t('action.loadMore')}
        </Button>
      )}
      {adding && participants && (
        <AddPeople
          conversationId={id}
          participants={participants}
          onClose={() => setAdding(false)}
        />
      )}
    </section>
  )
}

function useChanged(conversationId: string) {
  const queries = useQueryClient()
  return () => {
    void queries.invalidateQueries({ queryKey: participantsKey(conversationId) })
    void queries.invalidateQueries({ queryKey: conversationKey(conversationId) })
  }
}

type MemberRowProps = { conversationId: string; participant: Participant; administers: boolean }

function MemberRow({ conversationId, participant, administers }: MemberRowProps) {
  const { t, explain } = useI18n()
  const me = useMe()
  const say = useSay()
  const { userId, admin, person } = participant
  const presence = useShownPresence(userId === me.id ? undefined : userId)
  const changed = useChanged(conversationId)
  const options = {
    onSuccess: changed,
    onError: (error: unknown) => say(explain(error), 'danger'),
  }
  const change = useAction('chat', 'changeParticipant', options)
  const remove = useAction('chat', 'removeParticipant', options)
  const name = person?.displayName ?? t('chat.someone')

  return (
    <li className={classes.member}>
      <Link to="/people/$userId" params={{ userId }} className={classes.memberLink}>
        <Avatar
          name={name}
          id={userId}
          src={person?.avatar}
          size={36}
          presence={presence}
          presenceLabel={presence && t(`presence.${presence}`)}
        />
        <span className={classes.names}>
          <span>
            <bdi>{name}</bdi>
            {userId === me.id && ` (${t('chat.you')})`}
          </span>
          {admin && <span className={classes.faint}>{t('chat.admin')}</span>}
        </span>
      </Link>
      {administers && (
        <Menu
          button={(button) => (
            <IconButton {...button} label={t('chat.memberActions', { name })} icon={<MoreIcon />} />
          )}
        >
          <MenuItem onClick={() => change.mutate({ conversationId, userId, admin: !admin })}>
            {t(admin ? 'chat.demote' : 'chat.promote')}
          </MenuItem>
          {userId !== me.id && (
            <MenuItem tone="danger" onClick={() => remove.mutate({ conversationId, userId })}>
              {t('chat.remove')}
            </MenuItem>
          )}
        </Menu>
      )}
    </li>
  )
}

type AddPeopleProps = {
  conversationId: string
  participants: readonly Participant[]
  onClose(): void
}

function AddPeople({ conversationId, participants, onClose }: AddPeopleProps) {
  const { t, explain } = useI18n()
  const [chosen, setChosen] = useState<readonly PersonSummary[]>([])
  const changed = useChanged(conversationId)
  const add = useAction('chat', 'addParticipants', {
    onSuccess() {
      changed()
      onClose()
    },
  })
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('chat.add')}
      actions={
        <>
          <Button variant="plain" onClick={onClose}>
            {t('action.cancel')}
          </Button>
          <Button
            disabled={chosen.length === 0}
            loading={add.isPending}
            onClick={() => add.mutate({ conversationId, userIds: chosen.map(({ id }) => id) })}
          >
            {t('chat.add')}
          </Button>
        </>
      }
    >
      <PeoplePicker
        chosen={chosen}
        onChange={setChosen}
        without={new Set(participants.map(({ userId }) => userId))}
        autoFocus
      />
      {add.error && (
        <p role="alert" className={classes.problem}>
          {explain(add.error)}
        </p>
      )}
    </Dialog>
  )
}
