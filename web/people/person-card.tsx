import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { keyOf, type Output, refetch, useAction } from '../lib/calls.ts'
import { useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { usePresence } from '../lib/presence.tsx'
import { Avatar } from '../ui/avatar.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { ConversationsIcon } from '../ui/icon.tsx'
import { Time } from '../ui/time.tsx'
import { useSay } from '../ui/toast.tsx'
import classes from './person-card.module.css'

type Person = Output<'users', 'getUser'>

/** Who somebody is, and what one can do: write to them, or have peace from them. */
export function PersonCard({ person }: { person: Person }) {
  const { t } = useI18n()
  const me = useMe()
  const { id, displayName, username, avatar, title, bio, role } = person
  return (
    <article className={classes.card}>
      <header className={classes.head}>
        <Avatar id={id} name={displayName} src={avatar} size={96} />
        <div className={classes.names}>
          <p className={classes.name}>
            <bdi>{displayName}</bdi>
            {role !== 'user' && <span className={classes.role}>{t(`people.role.${role}`)}</span>}
          </p>
          <p className={classes.handle}>
            <bdi>@{username}</bdi>
          </p>
          {title && (
            <p className={classes.handle}>
              <bdi>{title}</bdi>
            </p>
          )}
          <Whereabouts userId={id} />
        </div>
      </header>
      {id === me.id ? null : <Actions person={person} />}
      {bio && (
        <p className={classes.bio} dir="auto">
          {bio}
        </p>
      )}
      <Facts person={person} />
    </article>
  )
}

function Whereabouts({ userId }: { userId: string }) {
  const { t, formatRecent } = useI18n()
  const presence = usePresence(userId)
  if (!presence) return <p className={classes.presence}>&nbsp;</p>
  return (
    <p className={classes.presence} data-presence={presence.status}>
      {presence.online || presence.lastSeenAt === null
        ? t(`presence.${presence.status}`)
        : t('people.lastSeen', { when: formatRecent(presence.lastSeenAt) })}
    </p>
  )
}

function Actions({ person: { id, displayName, blockedByMe } }: { person: Person }) {
  const { t, explain } = useI18n()
  const say = useSay()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [asking, setAsking] = useState(false)

  const onError = (failure: Error) => say(explain(failure), 'danger')
  function changed(blocked: boolean) {
    setAsking(false)
    queries.setQueryData(keyOf('users', 'getUser', { userId: id }), (known?: Person) =>
      known ? { ...known, blockedByMe: blocked } : known,
    )
    void refetch(queries, 'users', 'listUsers')
    void refetch(queries, 'users', 'listBlockedPeople')
    say(t(blocked ? 'people.blocked' : 'people.unblocked', { name: displayName }))
  }
  const write = useAction('chat', 'openDirect', {
    onSuccess: ({ id: conversationId }) =>
      navigate({ to: '/conversations/$conversationId', params: { conversationId } }),
    onError,
  })
  const block = useAction('users', 'blockPerson', { onSuccess: () => changed(true), onError })
  const unblock = useAction('users', 'unblockPerson', { onSuccess: () => changed(false), onError })

  return (
    <div className={classes.actions}>
      {blockedByMe ? (
        <>
          <p className={classes.note}>{t('people.blockedNote')}</p>
          <Button
            variant="plain"
            loading={unblock.isPending}
            onClick={() => unblock.mutate({ userId: id })}
          >
            {t('people.unblock')}
          </Button>
        </>
      ) : (
        <>
          <Button
            icon={<ConversationsIcon size={18} />}
            loading={write.isPending}
            onClick={() => write.mutate({ userId: id })}
          >
            {t('people.write')}
          </Button>
          <Button variant="plain" onClick={() => setAsking(true)}>
            {t('people.block')}
          </Button>
        </>
      )}
      <Dialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('people.blockTitle', { name: displayName })}
        size="small"
        actions={
          <>
            <Button variant="plain" onClick={() => setAsking(false)}>
              {t('action.cancel')}
            </Button>
            <Button
              tone="danger"
              loading={block.isPending}
              onClick={() => block.mutate({ userId: id })}
            >
              {t('people.block')}
            </Button>
          </>
        }
      >
        <p>{t('people.blockHint')}</p>
      </Dialog>
    </div>
  )
}

function Facts({ person }: { person: Person }) {
  const { t } = useI18n()
  const { firstName, lastName, country, email, registeredAt } = person
  const fullName = [firstName, lastName].filter(Boolean).join(' ')
  const links = [
    [t('people.website'), person.personalWebsite],
    ['LinkedIn', person.linkedIn],
    ['X', person.twitter],
  ] as const
  return (
    <dl className={classes.facts}>
      {fullName && <Fact name={t('people.fullName')}>{fullName}</Fact>}
      {country && <Fact name={t('people.country')}>{country}</Fact>}
      {email && (
        <Fact name={t('people.email')}>
          <a href={`mailto:${encodeURIComponent(email)}`}>{email}</a>
        </Fact>
      )}
      {links.map(([name, address]) =>
        address ? (
          <Fact key={name} name={name}>
            <a href={address} target="_blank" rel="noopener noreferrer nofollow">
              {address.replace(/^https?:\/\//i, '')}
            </a>
          </Fact>
        ) : null,
      )}
      <Fact name={t('people.since')}>
        <Time at={registeredAt} as="date" />
      </Fact>
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>
        <bdi>{children}</bdi>
      </dd>
    </div>
  )
}
