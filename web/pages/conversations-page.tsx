import { Outlet, useParams, useSearch } from '@tanstack/react-router'
import { ConversationList } from '../conversations/conversation-list.tsx'
import { NothingOpen } from '../conversations/nothing-open.tsx'
import { StoresProvider } from '../conversations/stores.tsx'
import { useLiveConversations } from '../conversations/use-live-conversations.ts'
import { lazily } from '../lib/lazily.tsx'
import { Screen } from '../ui/screen.tsx'
import { LoadingState } from '../ui/states.tsx'

const ConversationDetails = lazily(
  () =>
    import('../conversations/conversation-details.tsx').then(
      ({ ConversationDetails }) => ConversationDetails,
    ),
  <LoadingState />,
)

export function ConversationsPage() {
  return (
    <StoresProvider>
      <Conversations />
    </StoresProvider>
  )
}

function Conversations() {
  const { conversationId } = useParams({ strict: false })
  const { panel } = useSearch({ strict: false })
  useLiveConversations()
  const details = conversationId !== undefined && panel === 'details'
  return (
    <Screen
      showing={conversationId === undefined ? 'list' : 'detail'}
      list={<ConversationList isAlone={conversationId === undefined} />}
      detail={conversationId === undefined ? <NothingOpen /> : <Outlet />}
      aside={
        details && <ConversationDetails key={conversationId} conversationId={conversationId} />
      }
    />
  )
}
