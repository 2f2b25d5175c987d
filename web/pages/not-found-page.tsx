import { Link } from '@tanstack/react-router'
import { useI18n } from '../lib/i18n.tsx'
import { useTitle } from '../lib/title.tsx'
import { SearchIcon } from '../ui/icon.tsx'
import { EmptyState } from '../ui/states.tsx'
import { WholePage } from '../ui/whole-page.tsx'

export function NotFoundPage() {
  const { t } = useI18n()
  useTitle(t('notFound.title'))
  return (
    <WholePage>
      <EmptyState
        level={1}
        icon={<SearchIcon size={28} />}
        title={t('notFound.title')}
        hint={t('notFound.hint')}
        action={<Link to="/">{t('notFound.home')}</Link>}
      />
    </WholePage>
  )
}
