import { Outlet, useParams } from '@tanstack/react-router'
import { useI18n } from '../lib/i18n.tsx'
import { useTitle } from '../lib/title.tsx'
import { PeopleList } from '../people/people-list.tsx'
import { PeopleIcon } from '../ui/icon.tsx'
import { Screen } from '../ui/screen.tsx'
import { EmptyState } from '../ui/states.tsx'

export function PeoplePage() {
  const { userId } = useParams({ strict: false })
  return (
    <Screen
      showing={userId === undefined ? 'list' : 'detail'}
      list={<PeopleList />}
      detail={userId === undefined ? <NobodyChosen /> : <Outlet />}
    />
  )
}

function NobodyChosen() {
  const { t } = useI18n()
  useTitle(t('nav.people'))
  return (
    <EmptyState
      icon={<PeopleIcon size={28} />}
      title={t('people.choose')}
      hint={t('people.chooseHint')}
    />
  )
}
