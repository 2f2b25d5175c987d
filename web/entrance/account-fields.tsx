import { TextInput } from '@mantine/core'
import { type ChangeEvent, useId } from 'react'
import { useI18n } from '../lib/i18n.tsx'
import { PasswordField } from './password-field.tsx'
import { PasswordStrength } from './password-strength.tsx'

type Field = 'username' | 'email' | 'password'

export type AccountFieldsProps = {
  values: Readonly<Record<Field, string>>
  /** What a text field of the form takes, by name. */
  text(name: Field): {
    name: string
    value: string
    error: string | undefined
    onChange: (event: ChangeEvent<HTMLInputElement>) => void
  }
}

/** What every account is made of, whoever makes it: the first admin or anybody after. */
export function AccountFields({ values, text }: AccountFieldsProps) {
  const { t } = useI18n()
  const strengthId = useId()
  const { username, email, password } = values
  return (
    <>
      <TextInput
        label={t('field.username')}
        description={t('field.usernameHint')}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        {...text('username')}
      />
      <TextInput label={t('field.email')} type="email" autoComplete="email" {...text('email')} />
      <PasswordField autoComplete="new-password" describedBy={strengthId} {...text('password')} />
      <PasswordStrength id={strengthId} password={password} username={username} email={email} />
    </>
  )
}
