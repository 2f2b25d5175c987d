import { useState } from 'react'
import { Failure } from '../../client/index.ts'
import { useClient } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import type { Written } from './composer.tsx'
import { noDraft } from './drafts.ts'
import { useKeyed } from './keyed.ts'
import { withoutIds } from './mentions.ts'
import type { Message } from './shapes.ts'
import { useStores } from './stores.tsx'
import type { Timeline } from './timeline.ts'

type ComposingOptions = {
  conversationId: string
  timeline: Timeline
  /** Called when something was sent, and should be in sight. */
  onSent(): void
}

/** What is being written in a conversation: a message, an answer, or a change of a message. */
export function useComposing({ conversationId, timeline, onSent }: ComposingOptions) {
  const client = useClient()
  const { t, explain } = useI18n()
  const { drafts, typing } = useStores()
  const draft = useKeyed(drafts, conversationId) ?? noDraft
  const [changed, setChanged] = useState<{ message: Message; value: Written }>()
  const [problem, setProblem] = useState<string>()

  function write(value: Written): void {
    setProblem(undefined)
    if (changed) {
      setChanged({ ...changed, value })
      return
    }
    drafts.set(conversationId, { ...draft, ...value })
    if (value.text.trim() !== '') typing.tellWriting(conversationId)
    else typing.tellDone(conversationId)
  }

  async function send(content: string): Promise<void> {
    setProblem(undefined)
    const kept = draft
    drafts.set(conversationId, noDraft)
    try {
      await client.outbox.send({
        conversationId,
        content,
        ...(kept.replyTo !== undefined && { replyTo: kept.replyTo }),
      })
      typing.tellDone(conversationId)
      onSent()
    } catch (error) {
      drafts.set(conversationId, kept)
      setProblem(error instanceof Failure ? explain(error) : t('chat.notKept'))
    }
  }

  async function saveChange(message: Message, content: string): Promise<void> {
    setProblem(undefined)
    try {
      const { id: messageId } = message
      timeline.arrive(await client.api.chat.editMessage({ messageId, content }))
      setChanged((now) => (now?.message.id === message.id ? undefined : now))
    } catch (error) {
      setProblem(explain(error))
    }
  }

  return {
    value: changed?.value ?? draft,
    changing: changed?.message,
    replyTo: changed ? undefined : draft.replyTo,
    problem,
    write,
    submit: (content: string) => (changed ? saveChange(changed.message, content) : send(content)),
    beginChange(message: Message): void {
      setProblem(undefined)
      setChanged({ message, value: withoutIds(message.content) })
    },
    endChange(): void {
      setProblem(undefined)
      setChanged(undefined)
    },
    replyWith(messageId: string | undefined): void {
      const { replyTo: _, ...rest } = draft
      drafts.set(conversationId, {
        ...rest,
        ...(messageId !== undefined && { replyTo: messageId }),
      })
    },
    /** Puts a text that was not sent before what is being written. */
    takeBack(message: Message): void {
      const { text, mentions } = withoutIds(message.content)
      drafts.set(conversationId, {
        ...draft,
        text: draft.text.trim() === '' ? text : `${text}\n${draft.text}`,
        mentions: { ...mentions, ...draft.mentions },
      })
    },
  }
}
