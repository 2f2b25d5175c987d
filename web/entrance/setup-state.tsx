import { type ReactNode, useState } from 'react'
import { useAction, useCall } from '../lib/calls.ts'
import { useUser } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useSite } from '../lib/site.ts'
import { Button } from '../ui/button.tsx'
import { AlertIcon, CheckIcon, MoreIcon } from '../ui/icon.tsx'
import classes from './setup-state.module.css'

type State = 'ok' | 'attention' | 'unknown'

/** What of the installation is configured and what is not, and what that needs. */
export function SetupState() {
  const { t } = useI18n()
  const { data: site } = useSite()
  const joining = {
    open: t('setup.registrationOpen'),
    invitation: t('setup.registrationInvitation'),
    closed: t('setup.registrationClosed'),
  }
  return (
    <ul className={classes.items}>
      {site && (
        <Item state="ok" title={t('setup.registrationItem')} text={joining[site.registration]} />
      )}
      <Address />
      <Mail />
    </ul>
  )
}

function Address() {
  const { t } = useI18n()
  const { origin, protocol, hostname } = location
  const isLocal = /^(localhost|127\.|\[::1\])/.test(hostname)
  if (protocol === 'https:') {
    const text = t('setup.addressSecure', { origin })
    return <Item state="ok" title={t('setup.addressItem')} text={text} />
  }
  return (
    <Item
      state="attention"
      title={t('setup.addressItem')}
      text={t(isLocal ? 'setup.addressLocal' : 'setup.addressInsecure', { origin })}
      needs={t('setup.addressNeeds')}
    />
  )
}

/** Whether mail works is known when one has been sent. */
function Mail() {
  const { t, explain } = useI18n()
  const email = useUser()?.email ?? ''
  const [mailId, setMailId] = useState<string>()
  const test = useAction('notifications', 'sendTestMail', { onSuccess: ({ id }) => setMailId(id) })
  const { data: mail } = useCall(
    'notifications',
    'getMail',
    { mailId: mailId ?? '' },
    // A mail that failed once is waiting for another attempt: its cause is news enough.
    {
      enabled: mailId !== undefined,
      refetchInterval: (known) => (known?.sentAt || known?.cause ? false : 1_000),
    },
  )
  const title = t('setup.mailItem')
  const needs = t('setup.mailNeeds')
  const button = (
    <Button
      variant="plain"
      loading={test.isPending}
      onClick={() => {
        setMailId(undefined)
        test.mutate({ to: email })
      }}
    >
      {t('setup.mailTest')}
    </Button>
  )

  if (test.error) {
    return <Item state="unknown" title={title} text={explain(test.error)} action={button} />
  }
  if (!mailId) {
    return (
      <Item
        state="unknown"
        title={title}
        text={t('setup.mailUnknown')}
        needs={needs}
        action={button}
      />
    )
  }
  if (mail?.sentAt && mail.via === 'smtp') {
    return <Item state="ok" title={title} text={t('setup.mailSent', { email })} />
  }
  if (mail?.sentAt) {
    return <Item state="attention" title={title} text={t('setup.mailLocal')} needs={needs} />
  }
  if (mail?.cause) {
    const text = t('setup.mailFailed', { cause: mail.cause })
    return <Item state="attention" title={title} text={text} needs={needs} action={button} />
  }
  return <Item state="unknown" title={title} text={t('setup.mailWaiting')} />
}

type ItemProps = {
  state: State
  title: string
  text: string
  needs?: string
  action?: ReactNode
}

const icons = { ok: CheckIcon, attention: AlertIcon, unknown: MoreIcon }

function Item({ state, title, text, needs, action }: ItemProps) {
  const { t } = useI18n()
  const Icon = icons[state]
  return (
    <li className={classes.item} data-state={state}>
      <span className={classes.icon}>
        <Icon />
      </span>
      <div className={classes.text}>
        <h2>
          {title} <span className={classes.state}>{t(`setup.${state}`)}</span>
        </h2>
        <p role="status">{text}</p>
        {action}
        {needs && (
          <details>
            <summary>{t('setup.needs')}</summary>
            <p>{needs}</p>
          </details>
        )}
      </div>
    </li>
  )
}
