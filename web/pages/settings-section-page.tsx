import { useParams } from '@tanstack/react-router'
import type { ComponentType } from 'react'
import { useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { lazily } from '../lib/lazily.tsx'
import { useTitle } from '../lib/title.tsx'
import { type Section, sections, sectionsFor } from '../settings/sections.ts'
import { BackLink } from '../ui/back-link.tsx'
import { Pane } from '../ui/screen.tsx'
import { LoadingState } from '../ui/states.tsx'
import { NotFoundPage } from './not-found-page.tsx'

const contents: Record<Section, ComponentType> = {
  profile: section(() => import('../settings/profile.tsx').then((all) => all.ProfileSection)),
  account: section(() => import('../settings/account.tsx').then((all) => all.AccountSection)),
  appearance: section(() =>
    import('../settings/appearance.tsx').then((all) => all.AppearanceSection),
  ),
  privacy: section(() => import('../settings/privacy.tsx').then((all) => all.PrivacySection)),
  notifications: section(() =>
    import('../settings/notifications.tsx').then((all) => all.NotificationsSection),
  ),
  sessions: section(() => import('../settings/sessions.tsx').then((all) => all.SessionsSection)),
  site: section(() => import('../settings/site.tsx').then((all) => all.SiteSection)),
  accounts: section(() => import('../settings/accounts.tsx').then((all) => all.AccountsSection)),
}

function section(load: () => Promise<ComponentType>): ComponentType {
  return lazily(load, <LoadingState />)
}

export function SettingsSectionPage() {
  const { section = '' } = useParams({ strict: false })
  const { role } = useMe()
  const known = sectionsFor(role).find((one) => one === section)
  return known ? <SectionPane key={known} section={known} /> : <NotFoundPage />
}

function SectionPane({ section }: { section: Section }) {
  const { t } = useI18n()
  const { title, hint } = sections[section]
  useTitle(t(title))
  const Content = contents[section]
  return (
    <Pane
      title={t(title)}
      subtitle={t(hint)}
      before={<BackLink to="/settings" />}
      focusOn={section}
      scroll={section !== 'accounts'}
    >
      <Content />
    </Pane>
  )
}
