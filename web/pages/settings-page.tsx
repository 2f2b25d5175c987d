import { Outlet, useParams } from '@tanstack/react-router'
import { useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useTitle } from '../lib/title.tsx'
import { sections, sectionsFor } from '../settings/sections.ts'
import { SettingsIcon } from '../ui/icon.tsx'
import { ListRow } from '../ui/list-row.tsx'
import { Pane, Screen } from '../ui/screen.tsx'
import { EmptyState } from '../ui/states.tsx'

export function SettingsPage() {
  const { section } = useParams({ strict: false })
  return (
    <Screen
      showing={section === undefined ? 'list' : 'detail'}
      list={<SectionList />}
      detail={section === undefined ? <NothingChosen /> : <Outlet />}
    />
  )
}

function SectionList() {
  const { t } = useI18n()
  const { role } = useMe()
  return (
    <Pane title={t('nav.settings')} level={2}>
      <nav aria-label={t('nav.settings')}>
        {sectionsFor(role).map((section) => (
          <ListRow
            key={section}
            to="/settings/$section"
            params={{ section }}
            title={t(sections[section].title)}
            text={t(sections[section].hint)}
          />
        ))}
      </nav>
    </Pane>
  )
}

function NothingChosen() {
  const { t } = useI18n()
  useTitle(t('nav.settings'))
  return (
    <EmptyState
      icon={<SettingsIcon size={28} />}
      title={t('settings.choose')}
      hint={t('settings.chooseHint')}
    />
  )
}
