import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { type ItemOf, usePages } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { Avatar } from '../ui/avatar.tsx'
import { ListRow } from '../ui/list-row.tsx'
import { ErrorState, LoadingState } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { getConversation, type ListPage, listKey } from './cache.ts'
import classes from './conversation-list.module.css'
import { ConversationRow } from './conversation-row.tsx'
import { plainText } from './message-body.tsx'
import { useNameOf, useTitleOf } from './names.ts'
import { usePerson } from './stores.tsx'
import { useConversation } from './use-conversations.ts'

const waitMs = 200

/** Conversations by name, and messages by what they say. */
export function SearchResults({ text }: { text: string }) {
  const { t } = useI18n()
  const wanted = useSettled(text)
  const named = useNamed(text)
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetching, isPlaceholderData } =
    usePages('chat', 'searchMessages', { q: wanted, limit: 20 }, { keepPrevious: true })
  const settled = wanted === text && !isPlaceholderData && !isFetching

  return (
    <>
      {named.length > 0 && (
        <section aria-label={t('nav.conversations')}>
          <h2 className={classes.heading}>{t('nav.conversations')}</h2>
          <ul>
            {named.map((id) => (
              <ConversationRow key={id} conversationId={id} />
            ))}
          </ul>
        </section>
      )}
      <section aria-label={t('chat.messages')}>
        <h2 className={classes.heading}>{t('chat.messages')}</h2>
        <p className="said" role="status">
          {settled && data ? t('chat.foundMessages', { count: data.length }) : ''}
        </p>
        {error ? (
          <ErrorState error={error} retry={refetch} />
        ) : !data ? (
          <LoadingState rows={4} />
        ) : (
          <ul>
            {data.map((found) => (
              <Found key={found.message.id} found={found} text={wanted} />
            ))}
          </ul>
        )}
        {settled && data?.length === 0 && (
          <p className={classes.none}>{t('chat.foundNothing', { text })}</p>
        )}
        {hasNextPage && (
          <button type="button" className={classes.more} onClick={() => void fetchNextPage()}>
            {t('action.loadMore')}
          </button>
        )}
      </section>
    </>
  )
}

/** A text that has stayed the same for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(setSettled, waitMs, text)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}

/** Conversations of the list whose names hold the words. */
function useNamed(text: string): string[] {
  const queries = useQueryClient()
  const titleOf = useTitleOf()
  const plain = (given: string) => given.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  const lists = [false, true].map((archived) =>
    queries.getQueryData<{ pages: ListPage[] }>(listKey(archived)),
  )
  const ids = lists.flatMap((list) => list?.pages.flatMap((page) => page.ids) ?? [])
  return [...new Set(ids)]
    .filter((id) => {
      const conversation = getConversation(queries, id)
      return conversation && plain(titleOf(conversation)).includes(plain(text))
    })
    .slice(0, 5)
}

function Found({ found, text }: { found: ItemOf<'chat', 'searchMessages'>; text: string }) {
  const { message, snippet } = found
  const { t } = useI18n()
  const { data: conversation } = useConversation(message.conversationId)
  const titleOf = useTitleOf()
  const nameOf = useNameOf()
  const name = nameOf(usePerson(message.senderId))
  const title = conversation ? titleOf(conversation) : '…'
  return (
    <li>
      <ListRow
        to="/conversations/$conversationId"
        params={{ conversationId: message.conversationId }}
        search={{ message: message.id }}
        activeOptions={{ includeSearch: true }}
        before={
          <Avatar
            name={title}
            id={conversation?.person?.id ?? message.conversationId}
            src={conversation?.person ? conversation.person.avatar : conversation?.avatar}
          />
        }
        title={
          conversation?.type === 'group' ? (
            t('chat.inGroup', { name: isolated(name), title: isolated(title) })
          ) : (
            <bdi>{title}</bdi>
          )
        }
        meta={<Time at={message.createdAt} />}
        text={
          <span className={classes.match} dir="auto">
            <Marked text={plainText(withoutCutMention(snippet))} wanted={text} />
          </span>
        }
      />
    </li>
  )
}

/** Shows where in a text the words stand that were looked for. */
function Marked({ text, wanted }: { text: string; wanted: string }) {
  const at = text.toLowerCase().indexOf(wanted.toLowerCase())
  if (at < 0) return text
  const end = at + wanted.length
  return (
    <>
      {text.slice(0, at)}
      <mark className={classes.mark}>{text.slice(at, end)}</mark>
      {text.slice(end)}
    </>
  )
}

/** A snippet may begin inside a mention: what is left of that says nothing. */
function withoutCutMention(snippet: string): string {
  return snippet.replace(/^…[^\s()[\]]*(?:\]\()?[^\s()[\]]{0,64}\)/, '…')
}

/** Keeps a name that is written from right to left from turning the words around it. */
function isolated(name: string): string {
  return `\u2068${name}\u2069`
}
