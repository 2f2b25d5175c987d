import { Switch } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { keyOf, type Output, refetch, useAction, useCall, usePages } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { useIsMember } from '../lib/site.ts'
import { Avatar } from '../ui/avatar.tsx'
import { Button } from '../ui/button.tsx'
import { ErrorState, LoadingState } from '../ui/states.tsx'
import { useSay } from '../ui/toast.tsx'
import classes from './section.module.css'

type Settings = Output<'users', 'getSettings'>

/** What others learn, and of whom one wants to hear nothing. */
export function PrivacySection() {
  const isMember = useIsMember()
  const { data: settings, error, refetch } = useCall('users', 'getSettings', {})
  if (error && !settings) return <ErrorState error={error} retry={refetch} />
  if (!settings) return <LoadingState as="page" />
  return (
    <div className={classes.section}>
      <Choices settings={settings} />
      {isMember && <BlockedPeople />}
    </div>
  )
}

function Choices({ settings }: { settings: Settings }) {
  const { t, explain } = useI18n()
  const say = useSay()
  const queries = useQueryClient()
  const key = keyOf('users', 'getSettings', {})
  const save = useAction('users', 'updateSettings', {
    onSuccess: (saved) => queries.setQueryData(key, saved),
    onError(failure) {
      void queries.invalidateQueries({ queryKey: key })
      say(explain(failure), 'danger')
    },
  })

  /** Shown at once; should the server refuse it, what is so comes back. */
  function choose(change: Partial<Settings>): void {
    queries.setQueryData(key, { ...settings, ...change })
    save.mutate(change)
  }
  const visibility = (checked: boolean) => (checked ? 'everyone' : 'nobody')

  return (
    <fieldset className={classes.group}>
      <legend className={classes.legend}>{t('settings.othersSee')}</legend>
      <Switch
        label={t('settings.statusVisibility')}
        checked={settings.statusVisibility === 'everyone'}
        onChange={(event) => choose({ statusVisibility: visibility(event.currentTarget.checked) })}
      />
      <Switch
        label={t('settings.lastSeen')}
        checked={settings.lastSeen === 'everyone'}
        onChange={(event) => choose({ lastSeen: visibility(event.currentTarget.checked) })}
      />
      <Switch
        label={t('settings.photo')}
        checked={settings.profilePhotoVisibility === 'everyone'}
        onChange={(event) =>
          choose({ profilePhotoVisibility: visibility(event.currentTarget.checked) })
        }
      />
      <Switch
        label={t('settings.readReceipts')}
        checked={settings.readReceipts}
        onChange={(event) => choose({ readReceipts: event.currentTarget.checked })}
      />
    </fieldset>
  )
}

function BlockedPeople() {
  const { t, explain } = useI18n()
  const say = useSay()
  const queries = useQueryClient()
  const list = usePages('users', 'listBlockedPeople', { limit: 50 })
  const { data, error, refetch: again, hasNextPage, isFetchingNextPage, fetchNextPage } = list
  const unblock = useAction('users', 'unblockPerson', {
    onSuccess() {
      void refetch(queries, 'users')
    },
    onError: (failure) => say(explain(failure), 'danger'),
  })

  return (
    <section aria-labelledby="blocked" className={classes.group}>
      <h2 id="blocked" className={classes.legend}>
        {t('settings.blocked')}
      </h2>
      {error && !data && <ErrorState error={error} retry={again} />}
      {data?.length === 0 && <p className={classes.note}>{t('settings.nobodyBlocked')}</p>}
      <ul className={classes.items}>
        {data?.map(({ person }) => (
          <li key={person.id} className={classes.item}>
            <Avatar id={person.id} name={person.displayName} src={person.avatar} />
            <div className={classes.lines}>
              <bdi className={classes.strong}>{person.displayName}</bdi>
              <p className={classes.note}>@{person.username}</p>
            </div>
            <Button
              variant="plain"
              compact
              aria-label={t('settings.unblockName', { name: person.displayName })}
              loading={unblock.isPending && unblock.variables.userId === person.id}
              onClick={() => unblock.mutate({ userId: person.id })}
            >
              {t('people.unblock')}
            </Button>
          </li>
        ))}
      </ul>
      {hasNextPage && (
        <Button variant="plain" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
          {t('action.loadMore')}
        </Button>
      )}
    </section>
  )
}
