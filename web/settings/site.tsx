import { SegmentedControl, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type ItemOf, type Output, refetch, useAction, usePages } from '../lib/calls.ts'
import { useForm } from '../lib/form.ts'
import { useI18n } from '../lib/i18n.tsx'
import { useSite } from '../lib/site.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { FormFailure } from '../ui/form.tsx'
import { ErrorState, LoadingState } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { useSay } from '../ui/toast.tsx'
import classes from './section.module.css'

type Site = Output<'accounts', 'getSetup'>
type Invitation = ItemOf<'accounts', 'listInvitations'>

const registrations = ['open', 'invitation', 'closed'] as const

/** What the site is called, and who may come in. */
export function SiteSection() {
  const { data: site, error, refetch } = useSite()
  if (error && !site) return <ErrorState error={error} retry={refetch} />
  if (!site) return <LoadingState as="page" />
  return (
    <div className={classes.section}>
      <SiteForm site={site} />
      <Invitations />
    </div>
  )
}

function SiteForm({ site }: { site: Site }) {
  const { t, explain } = useI18n()
  const say = useSay()
  const queries = useQueryClient()
  const save = useAction('accounts', 'updateSite')
  const { form, text, set, values, busy, failure } = useForm({
    initial: { siteName: site.siteName, registration: site.registration as string },
    required: ['siteName'],
    rules: { siteName: t('settings.lineRule') },
    async submit({ siteName, registration }) {
      const chosen = registrations.find((one) => one === registration)
      await save.mutateAsync({
        siteName: siteName.trim(),
        ...(chosen && { registration: chosen }),
      })
      await refetch(queries, 'accounts', 'getSetup')
      say(t('settings.saved'))
    },
  })
  return (
    <form className={classes.group} {...form}>
      <TextInput label={t('settings.siteName')} maxLength={60} required {...text('siteName')} />
      <fieldset className={classes.group}>
        <legend className={classes.legend}>{t('settings.registration')}</legend>
        <SegmentedControl
          aria-label={t('settings.registration')}
          value={values.registration}
          onChange={(value) => set('registration', value)}
          data={registrations.map((value) => ({
            value,
            label: t(`settings.registration.${value}`),
          }))}
        />
      </fieldset>
      <FormFailure>{failure !== undefined && explain(failure)}</FormFailure>
      <div>
        <Button type="submit" loading={busy}>
          {t('action.save')}
        </Button>
      </div>
    </form>
  )
}

function Invitations() {
  const { t, explain } = useI18n()
  const say = useSay()
  const queries = useQueryClient()
  const [making, setMaking] = useState(false)
  const list = usePages('accounts', 'listInvitations', { limit: 50 })
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = list
  const take = useAction('accounts', 'deleteInvitation', {
    onSuccess: () => refetch(queries, 'accounts', 'listInvitations'),
    onError: (failure) => say(explain(failure), 'danger'),
  })

  return (
    <section className={classes.group} aria-labelledby="invitations">
      <h2 id="invitations" className={classes.legend}>
        {t('settings.invitations')}
      </h2>
      <p className={classes.note}>{t('settings.invitationsHint')}</p>
      {error && !data && <ErrorState error={error} retry={list.refetch} />}
      <ul className={classes.items}>
        {data?.map((invitation) => (
          <InvitationItem
            key={invitation.id}
            invitation={invitation}
            onTakeBack={() => take.mutate({ invitationId: invitation.id })}
          />
        ))}
      </ul>
      {hasNextPage && (
        <Button variant="plain" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
          {t('action.loadMore')}
        </Button>
      )}
      <div>
        <Button variant="plain" onClick={() => setMaking(true)}>
          {t('settings.invite')}
        </Button>
      </div>
      <Dialog open={making} onClose={() => setMaking(false)} title={t('settings.invite')}>
        <InvitationForm onDone={() => setMaking(false)} />
      </Dialog>
    </section>
  )
}

function InvitationItem({
  invitation: { note, uses, usesLeft, expiresAt },
  onTakeBack,
}: {
  invitation: Invitation
  onTakeBack: () => void
}) {
  const { t } = useI18n()
  return (
    <li className={classes.item}>
      <div className={classes.lines}>
        <p className={classes.strong}>
          <bdi>{note ?? t('settings.invitation')}</bdi>
        </p>
        <p className={classes.note}>
          {t('settings.usesLeft', { count: usesLeft, uses })} · {t('settings.goodUntil')}{' '}
          <Time at={expiresAt} as="full" />
        </p>
      </div>
      <Button variant="plain" compact onClick={onTakeBack}>
        {t('settings.takeBack')}
      </Button>
    </li>
  )
}

function InvitationForm({ onDone }: { onDone: () => void }) {
  const { t, explain } = useI18n()
  const queries = useQueryClient()
  const [link, setLink] = useState<string>()
  const make = useAction('accounts', 'createInvitation')
  const { form, text, busy, failure } = useForm({
    initial: { note: '', uses: '1', days: '7' },
    required: ['uses', 'days'],
    rules: {
      note: t('settings.lineRule'),
      uses: t('settings.numberRule', { from: 1, to: 1000 }),
      days: t('settings.numberRule', { from: 1, to: 365 }),
    },
    async submit({ note, uses, days }) {
      const { code } = await make.mutateAsync({
        uses: Number(uses),
        days: Number(days),
        ...(note.trim() && { note: note.trim() }),
      })
      // In the fragment, which no server on the way gets to see.
      setLink(`${location.origin}/sign-up#invitation=${encodeURIComponent(code)}`)
      await refetch(queries, 'accounts', 'listInvitations')
    },
  })

  if (link) {
    return (
      <div className={classes.group}>
        <p>{t('settings.linkOnce')}</p>
        <code className={classes.code}>{link}</code>
        <div className={classes.bar}>
          <Button onClick={() => void navigator.clipboard?.writeText(link)}>
            {t('settings.copy')}
          </Button>
          <Button variant="plain" onClick={onDone}>
            {t('action.close')}
          </Button>
        </div>
      </div>
    )
  }
  return (
    <form className={classes.group} {...form}>
      <TextInput
        label={t('settings.note')}
        description={t('settings.noteHint')}
        maxLength={100}
        {...text('note')}
      />
      <div className={classes.pair}>
        <TextInput label={t('settings.uses')} inputMode="numeric" required {...text('uses')} />
        <TextInput label={t('settings.days')} inputMode="numeric" required {...text('days')} />
      </div>
      <FormFailure>{failure !== undefined && explain(failure)}</FormFailure>
      <div>
        <Button type="submit" loading={busy}>
          {t('settings.makeLink')}
        </Button>
      </div>
    </form>
  )
}
