import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { useCommands } from '../lib/commands.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { lazily } from '../lib/lazily.tsx'
import { Button } from '../ui/button.tsx'
import { CloseIcon, ConversationsIcon, PlusIcon, SearchIcon } from '../ui/icon.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { Pane } from '../ui/screen.tsx'
import { EmptyState, ErrorState, LoadingState } from '../ui/states.tsx'
import classes from './conversation-list.module.css'
import { ConversationRow } from './conversation-row.tsx'
import { ArchiveIcon } from './icons.tsx'
import { useConversationIds } from './use-conversations.ts'

const NewConversation = lazily(() =>
  import('./new-conversation.tsx').then(({ NewConversation }) => NewConversation),
)
const SearchResults = lazily(
  () => import('./search-results.tsx').then(({ SearchResults }) => SearchResults),
  <LoadingState rows={4} />,
)

/** One's conversations, and what finds something in them. */
export function ConversationList({ isAlone }: { isAlone: boolean }) {
  const { t } = useI18n()
  const [making, setMaking] = useState(false)
  const [archived, setArchived] = useState(false)
  const [text, setText] = useState('')
  const field = useRef<HTMLInputElement>(null)
  const group = t('nav.conversations')

  useCommands('conversations', [
    { id: 'new', title: t('chat.new'), group, keys: 'n', run: () => setMaking(true) },
    { id: 'find', title: t('chat.search'), group, keys: '/', run: () => field.current?.focus() },
  ])

  return (
    <Pane
      level={isAlone ? 1 : 2}
      title={group}
      actions={
        <>
          <IconButton
            label={t(archived ? 'chat.showAll' : 'chat.showArchived')}
            icon={<ArchiveIcon />}
            aria-pressed={archived}
            onClick={() => setArchived(!archived)}
          />
          <IconButton
            label={t('chat.new')}
            shortcut="N"
            icon={<PlusIcon />}
            onPointerEnter={NewConversation.warm}
            onFocus={NewConversation.warm}
            onClick={() => setMaking(true)}
          />
        </>
      }
      tools={
        <search className={classes.search}>
          <SearchIcon size={18} />
          <input
            ref={field}
            type="text"
            enterKeyHint="search"
            className={classes.field}
            placeholder={t('chat.search')}
            aria-label={t('chat.search')}
            value={text}
            maxLength={200}
            onFocus={SearchResults.warm}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Escape' || text === '') return
              event.preventDefault()
              setText('')
            }}
          />
          {text !== '' && (
            <IconButton
              label={t('chat.searchEnd')}
              icon={<CloseIcon size={16} />}
              onClick={() => {
                setText('')
                field.current?.focus()
              }}
            />
          )}
        </search>
      }
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the arrows walk over the links inside. */}
      <div onKeyDown={walk}>
        {text.trim() === '' ? (
          <List archived={archived} onNew={() => setMaking(true)} />
        ) : (
          <SearchResults text={text.trim()} />
        )}
      </div>
      {making && <NewConversation onClose={() => setMaking(false)} />}
    </Pane>
  )
}

/** Up and down go from one to the next, first and last to the ends. */
function walk(event: KeyboardEvent<HTMLDivElement>): void {
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('a')]
  const at = links.indexOf(document.activeElement as HTMLElement)
  const goals: Record<string, HTMLElement | undefined> = {
    ArrowDown: links[at + 1],
    ArrowUp: links[at - 1],
    Home: links[0],
    End: links.at(-1),
  }
  const goal = at < 0 ? undefined : goals[event.key]
  if (!goal) return
  event.preventDefault()
  goal.focus()
}

function List({ archived, onNew }: { archived: boolean; onNew(): void }) {
  const { t } = useI18n()
  const { data: ids, error, refetch, hasNextPage, fetchNextPage } = useConversationIds(archived)
  if (error && !ids) return <ErrorState error={error} retry={refetch} />
  if (!ids) return <LoadingState />
  if (ids.length === 0) {
    return archived ? (
      <EmptyState icon={<ArchiveIcon size={28} />} title={t('chat.noneArchived')} />
    ) : (
      <EmptyState
        icon={<ConversationsIcon size={28} />}
        title={t('chat.none')}
        hint={t('chat.noneHint')}
        action={
          <Button onPointerEnter={NewConversation.warm} onClick={onNew}>
            {t('chat.new')}
          </Button>
        }
      />
    )
  }
  return (
    <>
      {archived && <p className={classes.heading}>{t('chat.archived')}</p>}
      <ul aria-label={t(archived ? 'chat.archived' : 'nav.conversations')} className={classes.list}>
        {ids.map((id) => (
          <ConversationRow key={id} conversationId={id} />
        ))}
      </ul>
      {hasNextPage && <More onSeen={() => void fetchNextPage()} />}
    </>
  )
}

/** Asks for more when it comes into sight; by a button too, for who does not scroll. */
function More({ onSeen }: { onSeen(): void }) {
  const { t } = useI18n()
  const end = useRef<HTMLButtonElement>(null)
  const seen = useRef(onSeen)
  seen.current = onSeen
  useEffect(() => {
    const button = end.current
    if (!button) return
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) seen.current()
    })
    observer.observe(button)
    return () => observer.disconnect()
  }, [])
  return (
    <button ref={end} type="button" className={classes.more} onClick={onSeen}>
      {t('action.loadMore')}
    </button>
  )
}
