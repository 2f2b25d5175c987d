import { useI18n } from '../lib/i18n.tsx'
import { useTitle } from '../lib/title.tsx'
import { ConversationsIcon } from '../ui/icon.tsx'
import { EmptyState } from '../ui/states.tsx'

/** Beside the list, before anything is chosen from it. */
export function NothingOpen() {
  const { t } = useI18n()
  useTitle(t('nav.conversations'))
  return (
    <EmptyState
      icon={<ConversationsIcon size={28} />}
      title={t('chat.nothingOpen')}
      hint={t('chat.nothingOpenHint')}
    />
  )
}
