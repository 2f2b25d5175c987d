import { useParams, useSearch } from '@tanstack/react-router'
import { ConversationScreen } from '../conversations/conversation-screen.tsx'

export function ConversationPage() {
  const { conversationId = '' } = useParams({ strict: false })
  const { message } = useSearch({ strict: false })
  return (
    <ConversationScreen key={conversationId} conversationId={conversationId} messageId={message} />
  )
}
