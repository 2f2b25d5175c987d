import { PasswordInput, type PasswordInputProps } from '@mantine/core'
import { useState } from 'react'
import { useI18n } from '../lib/i18n.tsx'

export type PasswordFieldProps = Pick<PasswordInputProps, 'onChange' | 'autoComplete'> & {
  name: string
  value: string
  error?: string | undefined
  describedBy?: string
}

/** A password, hidden until one wants to see what one types. */
export function PasswordField({ error, describedBy, ...rest }: PasswordFieldProps) {
  const { t } = useI18n()
  const [visible, setVisible] = useState(false)
  return (
    <PasswordInput
      label={t('field.password')}
      maxLength={512}
      error={error}
      visible={visible}
      onVisibilityChange={setVisible}
      visibilityToggleButtonProps={{
        'aria-label': t(visible ? 'field.hidePassword' : 'field.showPassword'),
        tabIndex: 0,
      }}
      {...(describedBy && { 'aria-describedby': describedBy })}
      {...rest}
    />
  )
}
