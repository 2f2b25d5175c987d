import { Checkbox, TextInput } from '@mantine/core'
import { Link, useLocation } from '@tanstack/react-router'
import { AccountFields } from '../entrance/account-fields.tsx'
import { Gate } from '../entrance/gate.tsx'
import { useClient } from '../lib/client.tsx'
import { useForm } from '../lib/form.ts'
import { useI18n } from '../lib/i18n.tsx'
import { useSite } from '../lib/site.ts'
import { Button } from '../ui/button.tsx'
import { Fields, FormFailure } from '../ui/form.tsx'

export function SignUpPage() {
  const { t } = useI18n()
  const { data: site } = useSite()
  const { hash } = useLocation()
  const title = t('signUp.title', { site: site?.siteName ?? t('app.name') })
  const footer = (
    <>
      {t('signUp.haveAccount')}
      <Link to="/sign-in" search={(before) => before}>
        {t('welcome.signIn')}
      </Link>
    </>
  )

  if (site?.registration === 'closed') {
    return <Gate title={t('signUp.closedTitle')} hint={t('signUp.closedHint')} footer={footer} />
  }
  return (
    <Gate title={title} footer={footer}>
      <SignUpForm
        byInvitation={site?.registration === 'invitation'}
        // In the fragment, which is not sent: the code reaches no log on the way.
        invitation={new URLSearchParams(hash).get('invitation') ?? ''}
      />
    </Gate>
  )
}

function SignUpForm({ byInvitation, invitation }: { byInvitation: boolean; invitation: string }) {
  const { t, language, explain } = useI18n()
  const client = useClient()
  const form = useForm({
    initial: {
      username: '',
      email: '',
      password: '',
      invitationCode: invitation,
      termsAccepted: false,
    },
    required: [
      'username',
      'email',
      'password',
      'termsAccepted',
      ...(byInvitation ? (['invitationCode'] as const) : []),
    ],
    fieldOf: {
      username_taken: 'username',
      account_exists: 'email',
      invitation_invalid: 'invitationCode',
      terms_not_accepted: 'termsAccepted',
    },
    rules: {
      username: t('form.username'),
      email: t('form.email'),
      password: t('form.password'),
    },
    submit: ({ invitationCode, ...values }) =>
      client.api.accounts.register({
        ...values,
        locale: language,
        ...(byInvitation && { invitationCode }),
      }),
  })

  return (
    <form {...form.form}>
      <Fields>
        {byInvitation && (
          <TextInput
            label={t('field.invitation')}
            autoComplete="off"
            maxLength={100}
            {...form.text('invitationCode')}
          />
        )}
        <AccountFields text={form.text} values={form.values} />
        <Checkbox label={t('signUp.terms')} {...form.check('termsAccepted')} />
      </Fields>
      <FormFailure>{form.failure !== undefined && explain(form.failure)}</FormFailure>
      <Button type="submit" wide loading={form.busy}>
        {t('signUp.button')}
      </Button>
    </form>
  )
}
