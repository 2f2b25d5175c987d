import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import gate from '../entrance/gate.module.css'
import { Gate } from '../entrance/gate.tsx'
import { SetupForm } from '../entrance/setup-form.tsx'
import { SetupState } from '../entrance/setup-state.tsx'
import { refetch } from '../lib/calls.ts'
import { useUser } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useSite } from '../lib/site.ts'
import { ButtonLink } from '../ui/button.tsx'
import { ErrorState, LoadingState } from '../ui/states.tsx'
import { WholePage } from '../ui/whole-page.tsx'

/** An empty installation becomes somebody's site. */
export function SetupPage() {
  const { t } = useI18n()
  const queries = useQueryClient()
  const user = useUser()
  const { data: site, error, refetch: again } = useSite()
  const [done, setDone] = useState(false)

  if (!site && error)
    return (
      <WholePage>
        <ErrorState error={error} retry={again} />
      </WholePage>
    )
  if (!site)
    return (
      <WholePage>
        <LoadingState as="page" />
      </WholePage>
    )
  if (done && user) {
    return (
      <Gate title={t('setup.readyTitle', { site: site.siteName })} hint={t('setup.readyHint')}>
        <SetupState />
        <ButtonLink wide to="/">
          {t('setup.enter')}
        </ButtonLink>
      </Gate>
    )
  }
  if (!site.needed) {
    return (
      <Gate title={t('setup.doneAlready')} hint={t('setup.doneAlreadyHint')}>
        <ButtonLink wide className={gate.way} to="/">
          {t('action.continue')}
        </ButtonLink>
      </Gate>
    )
  }
  return (
    <Gate title={t('setup.title')} hint={t('setup.hint')}>
      <SetupForm
        codeNeeded={site.codeNeeded}
        onDone={() => {
          setDone(true)
          void refetch(queries, 'accounts', 'getSetup')
        }}
      />
    </Gate>
  )
}
