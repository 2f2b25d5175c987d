import type { chat } from '../../../contracts/chat.ts'
import type { Handlers } from '../../../kit/service.ts'
import { type ChatDeps, fail } from '../deps.ts'
import { findTyped } from '../store/conversations.ts'

export function createTypingHandlers({
  db,
  signals,
}: ChatDeps): Pick<Handlers<typeof chat>, 'startTyping' | 'stopTyping'> {
  async function tell(
    signal: 'typingStarted' | 'typingStopped',
    conversationId: string,
    userId: string,
  ) {
    const [typed] = await findTyped(db, { conversationId, userId })
    if (!typed) throw fail('conversation_not_found')
    if (typed.blockedPair === null) signals.send(signal, { conversationId, userId })
    return {}
  }

  return {
    startTyping: ({ conversationId }, call) => tell('typingStarted', conversationId, call.actor.id),
    stopTyping: ({ conversationId }, call) => tell('typingStopped', conversationId, call.actor.id),
  }
}
