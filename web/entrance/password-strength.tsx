import { useDebouncedValue } from '@mantine/hooks'
import type { Output } from '../lib/calls.ts'
import { useCall } from '../lib/calls.ts'
import { type MessageKey, type T, useI18n } from '../lib/i18n.tsx'
import classes from './password-strength.module.css'

type Estimate = Output<'accounts', 'estimatePassword'>

export type PasswordStrengthProps = {
  /** For `aria-describedby` of the field. */
  id: string
  password: string
  username?: string
  email?: string
  displayName?: string
}

/** While somebody types, there is nothing to ask yet. */
const pauseMs = 250

/** How strong a password is, and why, as the server judges it. */
export function PasswordStrength({ id, password, ...own }: PasswordStrengthProps) {
  const { t } = useI18n()
  const [asked] = useDebouncedValue({ password, ...readOwn(own) }, pauseMs)
  const { data } = useCall('accounts', 'estimatePassword', asked, {
    enabled: asked.password !== '',
    keepPrevious: true,
  })
  const estimate = password === '' ? undefined : data
  const score = estimate && !estimate.acceptable ? Math.min(estimate.score, 1) : estimate?.score
  return (
    <div className={classes.strength} id={id}>
      <div className={classes.bar} data-score={score} aria-hidden="true">
        <span />
        <span />
        <span />
        <span />
      </div>
      <div role="status" className={classes.words}>
        {estimate && score !== undefined ? (
          <>
            <strong>
              <span className="said">{t('password.label')}: </span>
              {t(scoreKeys[score] ?? 'password.score0')}
            </strong>{' '}
            {reasonsOf(estimate, t).join(' ')}
          </>
        ) : (
          t('password.hint')
        )}
      </div>
    </div>
  )
}

const scoreKeys: readonly MessageKey[] & { [score: number]: `password.score${0 | 1 | 2 | 3 | 4}` } =
  ['password.score0', 'password.score1', 'password.score2', 'password.score3', 'password.score4']

/** What of the account the server should not find in the password; too long is not taken. */
function readOwn({ username, email, displayName }: Omit<PasswordStrengthProps, 'id' | 'password'>) {
  return {
    ...(username && { username: username.slice(0, 30) }),
    ...(email && { email: email.slice(0, 254) }),
    ...(displayName && { displayName: displayName.slice(0, 50) }),
  }
}

const warnings = {
  topTen: 'password.warning.topTen',
  topHundred: 'password.warning.topHundred',
  common: 'password.warning.common',
  similarToCommon: 'password.warning.similarToCommon',
  wordByItself: 'password.warning.wordByItself',
  namesByThemselves: 'password.warning.namesByThemselves',
  commonNames: 'password.warning.commonNames',
  userInputs: 'password.warning.userInputs',
  straightRow: 'password.warning.straightRow',
  keyPattern: 'password.warning.keyPattern',
  simpleRepeat: 'password.warning.simpleRepeat',
  extendedRepeat: 'password.warning.extendedRepeat',
  sequences: 'password.warning.sequences',
  recentYears: 'password.warning.recentYears',
  dates: 'password.warning.dates',
  pwned: 'password.warning.pwned',
} as const

/** Why it is refused, or else what is weak about it. */
function reasonsOf({ acceptable, refusals, warning }: Estimate, t: T): string[] {
  if (refusals.length > 0) return refusals.map((refusal) => t(`password.${refusal}`))
  const known = warning === null ? undefined : warnings[warning as keyof typeof warnings]
  if (known) return [t(known)]
  return acceptable ? [t('password.acceptable')] : []
}
