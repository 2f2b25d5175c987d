import { NativeSelect, TextInput } from '@mantine/core'
import type { Input } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { Button } from '../ui/button.tsx'
import classes from './audit-filter.module.css'

type Query = Input<'audit', 'listAudit'>
/** What was chosen; days as a date field gives them. */
export type Filter = {
  action?: string
  outcome?: Query['outcome']
  fromDay?: string
  toDay?: string
  actorId?: string
  subjectId?: string
}

/** The actions that people look for; any other is found through an entry that has it. */
const nouns = ['account', 'session', 'profile', 'person', 'message', 'invitation', 'site', 'mail']

const dayMs = 86_400_000

/** What the server is asked for; days are those of this device, the last one included. */
export function toQuery({ fromDay, toDay, ...rest }: Filter): Omit<Query, 'cursor'> {
  const midnight = (day: string) => new Date(`${day}T00:00`).getTime()
  return {
    ...rest,
    ...(fromDay && { from: new Date(midnight(fromDay)).toISOString() }),
    ...(toDay && { to: new Date(midnight(toDay) + dayMs).toISOString() }),
  }
}

export function AuditFilter({
  filter,
  onChange,
}: {
  filter: Filter
  onChange: (filter: Filter) => void
}) {
  const { t } = useI18n()
  const { action, outcome, fromDay, toDay, actorId, subjectId } = filter

  function choose(change: { [K in keyof Filter]: Filter[K] | '' }): void {
    const merged = { ...filter, ...change }
    const chosen = Object.entries(merged).filter(([, value]) => value !== '' && value !== undefined)
    onChange(Object.fromEntries(chosen))
  }
  const actions = action && !nouns.includes(action) ? [action, ...nouns] : nouns

  return (
    <search className={classes.filter} aria-label={t('audit.filter')}>
      <NativeSelect
        label={t('audit.action')}
        value={action ?? ''}
        onChange={(event) => choose({ action: event.currentTarget.value })}
        data={[
          { value: '', label: t('audit.every') },
          ...actions.map((value) => ({ value, label: value })),
        ]}
      />
      <NativeSelect
        label={t('audit.outcome')}
        value={outcome ?? ''}
        onChange={(event) => choose({ outcome: event.currentTarget.value as Query['outcome'] })}
        data={[
          { value: '', label: t('audit.every') },
          { value: 'success', label: t('audit.success') },
          { value: 'failure', label: t('audit.failure') },
        ]}
      />
      <TextInput
        label={t('audit.from')}
        type="date"
        value={fromDay ?? ''}
        max={toDay}
        onChange={(event) => choose({ fromDay: event.currentTarget.value })}
      />
      <TextInput
        label={t('audit.to')}
        type="date"
        value={toDay ?? ''}
        min={fromDay}
        onChange={(event) => choose({ toDay: event.currentTarget.value })}
      />
      {(actorId ?? subjectId) && (
        <p className={classes.about}>
          {t(actorId ? 'audit.byActor' : 'audit.aboutSubject', { id: actorId ?? subjectId ?? '' })}
        </p>
      )}
      {Object.keys(filter).length > 0 && (
        <Button variant="plain" className={classes.clear} onClick={() => onChange({})}>
          {t('audit.clear')}
        </Button>
      )}
    </search>
  )
}
