import { useQueryClient } from '@tanstack/react-query'
import { type ItemOf, refetch, useAction, usePages } from '../lib/calls.ts'
import { useClient } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { Button } from '../ui/button.tsx'
import { ErrorState, LoadingState } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { useSay } from '../ui/toast.tsx'
import classes from './section.module.css'

type Session = ItemOf<'accounts', 'listSessions'>

/** Where one is signed in, and how to change that. */
export function SessionsSection() {
  const { t, explain } = useI18n()
  const say = useSay()
  const client = useClient()
  const queries = useQueryClient()
  const list = usePages('accounts', 'listSessions', { limit: 50 })
  const { data: sessions, error, hasNextPage, isFetchingNextPage, fetchNextPage } = list

  const settle = {
    onSuccess: () => refetch(queries, 'accounts', 'listSessions'),
    onError: (failure: Error) => say(explain(failure), 'danger'),
  }
  const end = useAction('accounts', 'endSession', settle)
  const endOthers = useAction('accounts', 'endOtherSessions', {
    ...settle,
    onSuccess({ ended }) {
      say(t('settings.sessionsEnded', { count: ended }))
      return settle.onSuccess()
    },
  })

  if (error && !sessions) return <ErrorState error={error} retry={list.refetch} />
  if (!sessions) return <LoadingState />
  return (
    <div className={classes.section}>
      <ul className={classes.items} aria-label={t('settings.sessions')}>
        {sessions.map((session) => (
          <SessionItem
            key={session.id}
            session={session}
            ending={end.isPending && end.variables.sessionId === session.id}
            onEnd={() =>
              session.current
                ? void client.signOut().catch(() => undefined)
                : end.mutate({ sessionId: session.id })
            }
          />
        ))}
      </ul>
      {hasNextPage && (
        <Button variant="plain" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
          {t('action.loadMore')}
        </Button>
      )}
      {sessions.length > 1 && (
        <div>
          <Button
            variant="plain"
            loading={endOthers.isPending}
            onClick={() => endOthers.mutate({})}
          >
            {t('settings.endOthers')}
          </Button>
        </div>
      )}
    </div>
  )
}

function SessionItem({
  session: { device, ip, createdAt, lastActiveAt, current },
  ending,
  onEnd,
}: {
  session: Session
  ending: boolean
  onEnd: () => void
}) {
  const { t } = useI18n()
  const name =
    device.browser && device.system
      ? t('settings.device', { browser: device.browser, system: device.system })
      : (device.browser ?? device.system ?? t('settings.deviceUnknown'))
  return (
    <li className={classes.item}>
      <div className={classes.lines}>
        <p className={classes.strong}>
          {name} {current && <span className={classes.tag}>{t('settings.thisDevice')}</span>}
        </p>
        <p className={classes.note}>
          {t('settings.activeAt')} <Time at={lastActiveAt} as="full" /> · {ip}
        </p>
        <p className={classes.note}>
          {t('settings.signedInAt')} <Time at={createdAt} as="full" />
        </p>
      </div>
      <Button
        variant="plain"
        compact
        loading={ending}
        aria-label={current ? t('action.signOut') : t('settings.endNamed', { name })}
        onClick={onEnd}
      >
        {t(current ? 'action.signOut' : 'settings.end')}
      </Button>
    </li>
  )
}
