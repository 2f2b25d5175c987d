import { useQueryClient } from '@tanstack/react-query'
import { type RefObject, useMemo } from 'react'
import { keyOf } from '../lib/calls.ts'
import { useClient, useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useSay } from '../ui/toast.tsx'
import type { MessageActions } from './message-actions.tsx'
import type { OpenDialog } from './message-dialogs.tsx'
import type { Conversation, Message } from './shapes.ts'
import { useStores } from './stores.tsx'
import type { Timeline } from './timeline.ts'
import type { useComposing } from './use-composing.ts'
import { useStable } from './use-stable.ts'

type MessageActionsOptions = {
  conversation: Conversation
  timeline: Timeline
  composing: ReturnType<typeof useComposing>
  field: RefObject<HTMLTextAreaElement | null>
  open(dialog: OpenDialog): void
  show(messageId: string): void
}

/** What one can do with a message, as functions that stay the same from render to render. */
export function useMessageActions(options: MessageActionsOptions): MessageActions {
  const { conversation, timeline, composing, field, open } = options
  const client = useClient()
  const queries = useQueryClient()
  const me = useMe()
  const say = useSay()
  const { t, explain } = useI18n()
  const { pending } = useStores()
  const { type, own, pinned, id: conversationId } = conversation

  async function attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      say(explain(error), 'danger')
    }
  }

  function react(message: Message, emoji: string): void {
    const input = { messageId: message.id, emoji }
    const mine = message.reactions.some(
      (reaction) => reaction.emoji === emoji && reaction.userIds.includes(me.id),
    )
    const { addReaction, removeReaction } = client.api.chat
    void attempt(async () => timeline.arrive(await (mine ? removeReaction : addReaction)(input)))
  }

  const stable = useStable<Omit<MessageActions, 'mayPin'>>({
    reply(message) {
      composing.endChange()
      composing.replyWith(message.id)
      field.current?.focus()
    },
    edit(message) {
      composing.beginChange(message)
      field.current?.focus()
    },
    askDelete: (message) => open({ kind: 'delete', message }),
    react,
    askReaction: (message) => open({ kind: 'react', message }),
    pin(message) {
      const { pinMessage, unpinMessage } = client.api.chat
      const isPinned = pinned.includes(message.id)
      void attempt(async () => {
        await (isPinned ? unpinMessage : pinMessage)({ conversationId, messageId: message.id })
        await queries.invalidateQueries({ queryKey: keyOf('chat', 'listPinned') })
      })
    },
    showReaders: (message) => open({ kind: 'readers', message }),
    copy(text) {
      void attempt(async () => {
        await navigator.clipboard.writeText(text)
        say(t('chat.copied'))
      })
    },
    show: options.show,
    retry: (message) => void attempt(() => pending.retry(message.uuid)),
    discard: (message) => void attempt(() => pending.discard(conversationId, message.uuid)),
    revise(message) {
      void attempt(async () => {
        await pending.discard(conversationId, message.uuid)
        composing.takeBack(message)
        field.current?.focus()
      })
    },
    mayDelete: (message) => message.senderId === me.id || own.admin || me.role !== 'user',
    isPinned: (messageId) => pinned.includes(messageId),
    onHeld: timeline.subscribe,
    find: (messageId) => timeline.state().messages.find(({ id }) => id === messageId),
  })
  const mayPin = type === 'single' || own.admin
  return useMemo(() => ({ ...stable, mayPin }), [stable, mayPin])
}
