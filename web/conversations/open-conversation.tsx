import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react'
import { useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { lazily } from '../lib/lazily.tsx'
import { useTitle } from '../lib/title.tsx'
import { Button } from '../ui/button.tsx'
import { Pane } from '../ui/screen.tsx'
import { ErrorState } from '../ui/states.tsx'
import { useSay } from '../ui/toast.tsx'
import { BackToList } from './back-to-list.tsx'
import { Composer } from './composer.tsx'
import { ConversationHeader } from './conversation-header.tsx'
import classes from './conversation-screen.module.css'
import { History } from './history.tsx'
import { HistorySkeleton } from './history-skeleton.tsx'
import { ActionsProvider } from './message-actions.tsx'
import { plainText } from './message-body.tsx'
import type { OpenDialog } from './message-dialogs.tsx'
import { usePersonName, useTitleOf } from './names.ts'
import { PinsBar } from './pins-bar.tsx'
import type { Conversation, Message, PersonSummary } from './shapes.ts'
import { useAnnouncements } from './use-announcements.ts'
import { useComposing } from './use-composing.ts'
import { useConversationCommands } from './use-conversation-commands.ts'
import { useParticipants } from './use-conversations.ts'
import { useHistory } from './use-history.ts'
import { useMessageActions } from './use-message-actions.ts'
import { useReading } from './use-reading.ts'

const MessageDialogs = lazily(() =>
  import('./message-dialogs.tsx').then(({ MessageDialogs }) => MessageDialogs),
)

export type OpenConversationProps = {
  conversation: Conversation
  messageId: string | undefined
  /** Not open to this person any more; what was read stays to be seen. */
  gone: boolean
}

export function OpenConversation({ conversation, messageId, gone }: OpenConversationProps) {
  const { t } = useI18n()
  const me = useMe()
  const say = useSay()
  const { id, own, type } = conversation
  const title = useTitleOf()(conversation)
  const field = useRef<HTMLTextAreaElement>(null)
  const [dialog, setDialog] = useState<OpenDialog>()
  const { data: participants = [] } = useParticipants(id)
  const history = useHistory(conversation, id, messageId)
  const { timeline, state, rows } = history
  const onSeen = useReading(id)
  const news = useAnnouncements(timeline)
  useTitle(title)

  const composing = useComposing({
    conversationId: id,
    timeline,
    onSent() {
      history.noneNew()
      history.showLatest()
    },
  })
  const actions = useMessageActions({
    conversation,
    timeline,
    composing,
    field,
    open: setDialog,
    show: (wanted) => void history.show(wanted),
  })

  const readers = useMemo(() => {
    const others = participants.filter(({ userId }) => userId !== me.id)
    const read = others.map(({ readSeq }) => readSeq)
    return { all: read.length > 0 ? Math.min(...read) : 0, some: Math.max(0, ...read) }
  }, [participants, me.id])
  const people = useMemo(
    () =>
      participants.flatMap(({ person, userId }): PersonSummary[] =>
        person && userId !== me.id ? [person] : [],
      ),
    [participants, me.id],
  )

  function changeLast(): void {
    const last = rows.findLast(
      ({ message }) => message.senderId === me.id && message.deletedAt === null,
    )?.message
    if (!last) return
    // What is on its way cannot be changed yet, and the one before it is not what is meant.
    if (last.pending) say(t('chat.notStoredYet'))
    else composing.beginChange(last)
  }

  function leaveField(): void {
    if (composing.changing) composing.endChange()
    else if (composing.replyTo) composing.replyWith(undefined)
    else history.handle.current?.focus()
  }

  useConversationCommands({ field, isGroup: type === 'group' })

  const answered = composing.replyTo ? actions.find(composing.replyTo) : undefined
  // Deleted while one answers it: the answer stays, what it answered does not.
  const isAnsweredGone = answered !== undefined && answered.deletedAt !== null
  const dropAnswered = useEffectEvent(() => {
    composing.replyWith(undefined)
    say(t('chat.replyGone'))
  })
  useEffect(() => {
    if (isAnsweredGone) dropAnswered()
  }, [isAnsweredGone])
  const banner = useBanner(composing.changing, composing.replyTo, answered)

  return (
    <ActionsProvider value={actions}>
      <Pane
        title={<ConversationTitle title={title} />}
        subtitle={<ConversationHeader.Subtitle conversation={conversation} />}
        before={
          <>
            <BackToList />
            <ConversationHeader.Face conversation={conversation} title={title} />
          </>
        }
        actions={<ConversationHeader.Actions conversation={conversation} />}
        tools={conversation.pinned.length > 0 && <PinsBar conversation={conversation} />}
        scroll={false}
        footer={
          gone ? (
            <Closed text={composing.value.text} />
          ) : (
            <Composer
              fieldRef={field}
              value={composing.value}
              onChange={composing.write}
              onSend={(content) => void composing.submit(content)}
              onUp={changeLast}
              onEscape={leaveField}
              people={people}
              placeholder={t('chat.writeTo', { name: title })}
              banner={
                banner && {
                  ...banner,
                  onClose() {
                    if (composing.changing) composing.endChange()
                    else composing.replyWith(undefined)
                    field.current?.focus()
                  },
                }
              }
              error={composing.problem}
              changing={composing.changing !== undefined}
            />
          )
        }
      >
        {state.status === 'failed' ? (
          <ErrorState error={state.error} retry={() => timeline.jump(state.target)} />
        ) : state.status === 'loading' ? (
          <HistorySkeleton />
        ) : (
          <History
            ref={history.handle}
            label={t('chat.messagesOf', { name: title })}
            timeline={timeline}
            state={state}
            rows={rows}
            userId={me.id}
            pinned={conversation.pinned}
            readers={readers}
            found={history.found}
            unread={own.unread}
            beginning={<ConversationHeader.Beginning conversation={conversation} title={title} />}
            onSeen={({ seq }) => onSeen(seq)}
            onLatest={history.showLatest}
          />
        )}
        <div className="said" role="status" aria-live="polite">
          {news}
        </div>
      </Pane>
      {dialog && (
        <MessageDialogs
          dialog={dialog}
          participants={participants}
          actions={actions}
          onClose={() => setDialog(undefined)}
        />
      )}
    </ActionsProvider>
  )
}

function ConversationTitle({ title }: { title: string }) {
  return <bdi>{title}</bdi>
}

/** What stands above the field: the message that is changed or answered. */
function useBanner(changing: Message | undefined, replyTo: string | undefined, answered?: Message) {
  const { t } = useI18n()
  const name = usePersonName(answered?.senderId)
  if (changing) return { text: t('chat.changing'), label: t('chat.changingEnd') }
  if (!replyTo) return undefined
  const text = answered
    ? t('chat.replyingTo', { name, text: plainText(answered.content) })
    : t('chat.replying')
  return { text: <bdi>{text}</bdi>, label: t('chat.replyingEnd') }
}

/** In place of the composer, for somebody who is not in the conversation any more. */
function Closed({ text }: { text: string }) {
  const { t } = useI18n()
  const say = useSay()
  return (
    <div className={classes.closed} role="status">
      <span>{t('chat.closed')}</span>
      {text.trim() !== '' && (
        <Button
          variant="plain"
          onClick={() => void navigator.clipboard.writeText(text).then(() => say(t('chat.copied')))}
        >
          {t('chat.copyDraft')}
        </Button>
      )}
    </div>
  )
}
