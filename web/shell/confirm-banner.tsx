import { useMatch } from '@tanstack/react-router'
import { Resend } from '../entrance/resend.tsx'
import { useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useIsMember } from '../lib/site.ts'
import classes from './banner.module.css'

/** Reminds of the confirmation on the screens that are open without it. */
export function ConfirmBanner() {
  const { t } = useI18n()
  const { email } = useMe()
  const isMember = useIsMember()
  // These screens say it themselves, in full.
  const isClosed = useMatch({ from: '/members/confirmed', shouldThrow: false })
  if (isMember !== false || isClosed) return null
  return (
    <aside className={classes.banner} aria-label={t('confirm.checkTitle')}>
      {t('confirm.banner', { email })}
      <Resend />
    </aside>
  )
}
