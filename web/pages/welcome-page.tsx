import { Navigate } from '@tanstack/react-router'
import { Gate } from '../entrance/gate.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useSite } from '../lib/site.ts'
import { ButtonLink } from '../ui/button.tsx'
import { ErrorState, LoadingState } from '../ui/states.tsx'
import { WholePage } from '../ui/whole-page.tsx'
import classes from './welcome-page.module.css'

export function WelcomePage() {
  const { t } = useI18n()
  const { data: site, error, refetch } = useSite()

  if (!site && error)
    return (
      <WholePage>
        <ErrorState error={error} retry={refetch} />
      </WholePage>
    )
  if (!site)
    return (
      <WholePage>
        <LoadingState as="page" />
      </WholePage>
    )
  if (site.needed) return <Navigate to="/setup" replace />
  const notes = {
    open: undefined,
    invitation: t('welcome.invitation'),
    closed: t('welcome.closed'),
  }
  return (
    <Gate title={t('welcome.title', { site: site.siteName })} hint={t('welcome.hint')}>
      <div className={classes.ways}>
        {site.registration !== 'closed' && (
          <ButtonLink to="/sign-up">{t('welcome.signUp')}</ButtonLink>
        )}
        <ButtonLink to="/sign-in" variant={site.registration === 'closed' ? 'main' : 'plain'}>
          {t('welcome.signIn')}
        </ButtonLink>
      </div>
      {notes[site.registration] && <p className={classes.note}>{notes[site.registration]}</p>}
    </Gate>
  )
}
