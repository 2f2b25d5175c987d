import { useParams } from '@tanstack/react-router'
import { useCall } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { useTitle } from '../lib/title.tsx'
import { PersonCard } from '../people/person-card.tsx'
import { BackLink } from '../ui/back-link.tsx'
import { PeopleIcon } from '../ui/icon.tsx'
import { Pane } from '../ui/screen.tsx'
import { EmptyState, ErrorState, LoadingState } from '../ui/states.tsx'

export function PersonPage() {
  const { t } = useI18n()
  const { userId = '' } = useParams({ strict: false })
  const { data: person, error, refetch } = useCall('users', 'getUser', { userId })
  useTitle(person?.displayName ?? t('nav.people'))

  return (
    <Pane
      title={<bdi>{person?.displayName ?? t('people.person')}</bdi>}
      subtitle={person && `@${person.username}`}
      before={<BackLink to="/people" />}
      focusOn={userId}
    >
      {person ? (
        <PersonCard key={person.id} person={person} />
      ) : error?.status === 404 || error?.status === 400 ? (
        <EmptyState
          icon={<PeopleIcon size={28} />}
          title={t('people.unknown')}
          hint={t('people.unknownHint')}
        />
      ) : error ? (
        <ErrorState error={error} retry={refetch} />
      ) : (
        <LoadingState as="page" />
      )}
    </Pane>
  )
}
