import type { ReactNode } from 'react'
import { type ItemOf, useCall } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { Time } from '../ui/time.tsx'
import type { Filter } from './audit-filter.tsx'
import classes from './audit-row.module.css'

type Entry = ItemOf<'audit', 'listAudit'>

/** One entry; unfolded it tells all that is known of it. */
export function AuditRow({
  entry,
  onFilter,
}: {
  entry: Entry
  onFilter: (filter: Filter) => void
}) {
  const { t } = useI18n()
  const { action, outcome, actorId, subjectId, ip, userAgent, at, detail, requestId } = entry
  const facts: [string, string | null][] = [
    [t('audit.ip'), ip],
    [t('audit.device'), userAgent],
    [t('audit.request'), requestId],
    [t('audit.service'), entry.service],
    ...Object.entries(detail).map(([name, value]): [string, string] => [name, String(value)]),
  ]
  return (
    <details className={classes.entry}>
      <summary className={classes.summary}>
        <span className={classes.outcome} data-outcome={outcome}>
          {t(`audit.${outcome}`)}
        </span>
        <span className={classes.action}>{action}</span>
        <span className={classes.actor}>
          {actorId ? <Name userId={actorId} /> : t('audit.nobody')}
        </span>
        <Time at={at} className={classes.time} />
      </summary>
      <dl className={classes.facts}>
        <Fact name={t('audit.at')}>
          <Time at={at} as="full" />
        </Fact>
        {actorId && (
          <Fact name={t('audit.actor')}>
            {actorId}{' '}
            <button type="button" onClick={() => onFilter({ actorId })}>
              {t('audit.only')}
            </button>
          </Fact>
        )}
        {subjectId && (
          <Fact name={t('audit.subject')}>
            {subjectId}{' '}
            <button type="button" onClick={() => onFilter({ subjectId })}>
              {t('audit.only')}
            </button>
          </Fact>
        )}
        <Fact name={t('audit.action')}>
          {action}{' '}
          <button type="button" onClick={() => onFilter({ action })}>
            {t('audit.only')}
          </button>
        </Fact>
        {facts.map(([name, value]) =>
          value ? (
            <Fact key={name} name={name}>
              <bdi>{value}</bdi>
            </Fact>
          ) : null,
        )}
      </dl>
    </details>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** The name behind an id, while there is one. */
function Name({ userId }: { userId: string }) {
  const { data } = useCall('users', 'getUser', { userId }, { staleTime: 300_000 })
  return <bdi>{data ? `@${data.username}` : userId}</bdi>
}
