import { Navigate } from '@tanstack/react-router'
import { Gate } from '../entrance/gate.tsx'
import { WithSite } from '../entrance/with-site.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { ButtonLink } from '../ui/button.tsx'
import classes from './welcome-page.module.css'

export function WelcomePage() {
  const { t } = useI18n()
  const notes = {
    open: undefined,
    invitation: t('welcome.invitation'),
    closed: t('welcome.closed'),
  }
  return (
    <WithSite>
      {({ needed, siteName, registration }) =>
        needed ? (
          <Navigate to="/setup" replace />
        ) : (
          <Gate title={t('welcome.title', { site: siteName })} hint={t('welcome.hint')}>
            <div className={classes.ways}>
              {registration !== 'closed' && (
                <ButtonLink to="/sign-up">{t('welcome.signUp')}</ButtonLink>
              )}
              <ButtonLink to="/sign-in" variant={registration === 'closed' ? 'main' : 'plain'}>
                {t('welcome.signIn')}
              </ButtonLink>
            </div>
            {notes[registration] && <p className={classes.note}>{notes[registration]}</p>}
          </Gate>
        )
      }
    </WithSite>
  )
}
