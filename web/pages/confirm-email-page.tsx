import { useLocation } from '@tanstack/react-router'
import { useEffect, useEffectEvent } from 'react'
import gate from '../entrance/gate.module.css'
import { Gate } from '../entrance/gate.tsx'
import { useAction } from '../lib/calls.ts'
import { useClient, useUser } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { Button, ButtonLink } from '../ui/button.tsx'

/** Where the link of the mail leads: it confirms, and says how that went. */
export function ConfirmEmailPage() {
  const { t, explain } = useI18n()
  const client = useClient()
  const user = useUser()
  const { hash } = useLocation()
  const token = new URLSearchParams(hash).get('token')
  const confirm = useAction('accounts', 'verifyEmail', {
    // The tokens of whoever is signed in here are still those of an unconfirmed person.
    onSuccess: () => client.resume().catch(() => undefined),
  })

  const begin = useEffectEvent(() => {
    if (token) confirm.mutate({ token })
  })
  useEffect(() => begin(), [token])

  const known = confirm.error?.code === 'already_confirmed'
  if (confirm.data || known) {
    return (
      <Gate
        title={t('confirm.successTitle')}
        hint={confirm.data && t('confirm.successHint', { name: confirm.data.username })}
      >
        <Way label={user ? t('confirm.enter') : t('welcome.signIn')} to={user ? '/' : '/sign-in'} />
      </Gate>
    )
  }
  if (confirm.error || !token) {
    const { error } = confirm
    const mayPass = error !== null && error.status >= 500
    return (
      <Gate
        title={t('confirm.failedTitle')}
        hint={`${error ? explain(error) : t('confirm.missing')} ${mayPass || user ? '' : t('confirm.another')}`}
      >
        {mayPass ? (
          <Button className={gate.way} wide onClick={begin}>
            {t('action.retry')}
          </Button>
        ) : (
          <Way
            label={user ? t('confirm.enter') : t('welcome.signIn')}
            to={user ? '/' : '/sign-in'}
          />
        )}
      </Gate>
    )
  }
  return <Gate title={t('confirm.waiting')} />
}

function Way({ label, to }: { label: string; to: '/' | '/sign-in' }) {
  return (
    <ButtonLink className={gate.way} wide to={to}>
      {label}
    </ButtonLink>
  )
}
