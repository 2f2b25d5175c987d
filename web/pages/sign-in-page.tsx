import { TextInput } from '@mantine/core'
import { Link, useSearch } from '@tanstack/react-router'
import { Failure } from '../../client/index.ts'
import { Gate } from '../entrance/gate.tsx'
import { PasswordField } from '../entrance/password-field.tsx'
import { useClient } from '../lib/client.tsx'
import { useForm } from '../lib/form.ts'
import { type I18n, useI18n } from '../lib/i18n.tsx'
import { useSite } from '../lib/site.ts'
import { Button } from '../ui/button.tsx'
import { Fields, FormFailure } from '../ui/form.tsx'

export function SignInPage() {
  const i18n = useI18n()
  const { t } = i18n
  const client = useClient()
  const { data: site } = useSite()
  const { next } = useSearch({ from: '/visitors/sign-in' })
  // Whoever is signed in by this is led on by the router.
  const form = useForm({
    initial: { identifier: '', password: '' },
    required: ['identifier', 'password'],
    submit: (values) => client.api.accounts.login(values),
  })

  return (
    <Gate
      title={t('signIn.title')}
      hint={next && t('signIn.continue')}
      footer={
        site?.registration !== 'closed' && (
          <>
            {t('signIn.newHere')}
            <Link to="/sign-up" search={(before) => before}>
              {t('welcome.signUp')}
            </Link>
          </>
        )
      }
    >
      <form {...form.form}>
        <Fields>
          <TextInput
            label={t('field.identifier')}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={254}
            {...form.text('identifier')}
          />
          <PasswordField autoComplete="current-password" {...form.text('password')} />
        </Fields>
        <FormFailure>{form.failure !== undefined && explain(form.failure, i18n)}</FormFailure>
        <Button type="submit" wide loading={form.busy}>
          {t('signIn.button')}
        </Button>
      </form>
    </Gate>
  )
}

/** Who is blocked learns why and for how long; the server tells it after the right password only. */
function explain(failure: unknown, i18n: I18n): string {
  if (!(failure instanceof Failure) || failure.code !== 'account_blocked') {
    return i18n.explain(failure)
  }
  const detail = new Map(failure.errors?.map(({ field, message }) => [field, message]))
  const reason = detail.get('reason') ?? ''
  const until = detail.get('until')
  return until && !Number.isNaN(Date.parse(until))
    ? i18n.t('signIn.blockedUntil', { date: i18n.formatDateTime(until), reason })
    : i18n.t('signIn.blocked', { reason })
}
