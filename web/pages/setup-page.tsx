import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import gate from '../entrance/gate.module.css'
import { Gate } from '../entrance/gate.tsx'
import { SetupForm } from '../entrance/setup-form.tsx'
import { SetupState } from '../entrance/setup-state.tsx'
import { WithSite } from '../entrance/with-site.tsx'
import { refetch } from '../lib/calls.ts'
import { useUser } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { ButtonLink } from '../ui/button.tsx'

/** An empty installation becomes somebody's site. */
export function SetupPage() {
  const { t } = useI18n()
  const queries = useQueryClient()
  const user = useUser()
  const [done, setDone] = useState(false)

  return (
    <WithSite>
      {({ needed, codeNeeded, siteName }) =>
        done && user ? (
          <Gate title={t('setup.readyTitle', { site: siteName })} hint={t('setup.readyHint')}>
            <SetupState />
            <ButtonLink wide to="/">
              {t('setup.enter')}
            </ButtonLink>
          </Gate>
        ) : needed ? (
          <Gate title={t('setup.title')} hint={t('setup.hint')}>
            <SetupForm
              codeNeeded={codeNeeded}
              onDone={() => {
                setDone(true)
                void refetch(queries, 'accounts', 'getSetup')
              }}
            />
          </Gate>
        ) : (
          <Gate title={t('setup.doneAlready')} hint={t('setup.doneAlreadyHint')}>
            <ButtonLink wide className={gate.way} to="/">
              {t('action.continue')}
            </ButtonLink>
          </Gate>
        )
      }
    </WithSite>
  )
}
