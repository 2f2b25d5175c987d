import { Radio, TextInput } from '@mantine/core'
import { useLocation } from '@tanstack/react-router'
import { useClient } from '../lib/client.tsx'
import { useForm } from '../lib/form.ts'
import { useI18n } from '../lib/i18n.tsx'
import { Button } from '../ui/button.tsx'
import { Fields, FormFailure } from '../ui/form.tsx'
import { AccountFields } from './account-fields.tsx'
import classes from './setup-form.module.css'

const registrations = ['open', 'invitation', 'closed'] as const
type Registration = (typeof registrations)[number]

/** Names the site and makes its first admin. */
export function SetupForm({ codeNeeded, onDone }: { codeNeeded: boolean; onDone: () => void }) {
  const { t, explain } = useI18n()
  const client = useClient()
  const { hash } = useLocation()
  const form = useForm({
    initial: {
      siteName: '',
      registration: 'open' as Registration,
      username: '',
      email: '',
      password: '',
      setupCode: new URLSearchParams(hash).get('code') ?? '',
    },
    required: [
      'siteName',
      'username',
      'email',
      'password',
      ...(codeNeeded ? (['setupCode'] as const) : []),
    ],
    fieldOf: codeNeeded ? { setup_code_wrong: 'setupCode' } : {},
    rules: {
      siteName: t('form.siteName'),
      username: t('form.username'),
      email: t('form.email'),
      password: t('form.password'),
    },
    async submit({ setupCode, ...values }) {
      await client.api.accounts.completeSetup({ ...values, ...(codeNeeded && { setupCode }) })
      onDone()
    },
  })

  return (
    <form {...form.form}>
      <Fields>
        {codeNeeded && (
          <TextInput
            label={t('field.setupCode')}
            description={t('field.setupCodeHint')}
            autoComplete="off"
            maxLength={200}
            {...form.text('setupCode')}
          />
        )}
        <h2 className={classes.part}>{t('setup.site')}</h2>
        <TextInput label={t('field.siteName')} autoComplete="off" {...form.text('siteName')} />
        <Radio.Group
          label={t('setup.registration')}
          value={form.values.registration}
          onChange={(value) => form.set('registration', value as Registration)}
        >
          <div className={classes.choices}>
            {registrations.map((one) => (
              <Radio
                key={one}
                value={one}
                label={t(`setup.${one}`)}
                description={t(`setup.${one}Hint`)}
              />
            ))}
          </div>
        </Radio.Group>
        <h2 className={classes.part}>{t('setup.admin')}</h2>
        <AccountFields text={form.text} values={form.values} />
      </Fields>
      <FormFailure>{form.failure !== undefined && explain(form.failure)}</FormFailure>
      <Button type="submit" wide loading={form.busy}>
        {t('setup.button')}
      </Button>
    </form>
  )
}
