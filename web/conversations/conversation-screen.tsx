import { Link } from '@tanstack/react-router'
import { Failure } from '../../client/index.ts'
import { useI18n } from '../lib/i18n.tsx'
import { useTitle } from '../lib/title.tsx'
import { ConversationsIcon } from '../ui/icon.tsx'
import { Pane } from '../ui/screen.tsx'
import { EmptyState, ErrorState } from '../ui/states.tsx'
import { BackToList } from './back-to-list.tsx'
import { HistorySkeleton } from './history-skeleton.tsx'
import { OpenConversation } from './open-conversation.tsx'
import { useConversation } from './use-conversations.ts'

export type ConversationScreenProps = { conversationId: string; messageId: string | undefined }

/** A conversation, or why there is none to show. */
export function ConversationScreen({ conversationId, messageId }: ConversationScreenProps) {
  const { t } = useI18n()
  const { data: conversation, error, refetch } = useConversation(conversationId)
  const gone = error instanceof Failure && error.status === 404
  useTitle(conversation ? undefined : t('nav.conversations'))

  if (conversation) {
    return <OpenConversation conversation={conversation} messageId={messageId} gone={gone} />
  }
  return (
    <Pane title={t('nav.conversations')} before={<BackToList />} scroll={false}>
      {gone ? (
        <EmptyState
          icon={<ConversationsIcon size={28} />}
          title={t('chat.gone')}
          hint={t('chat.goneHint')}
          action={<Link to="/conversations">{t('chat.backToList')}</Link>}
        />
      ) : error ? (
        <ErrorState error={error} retry={refetch} />
      ) : (
        <HistorySkeleton />
      )}
    </Pane>
  )
}
