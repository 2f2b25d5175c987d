import { type KeyboardEvent, type Ref, useImperativeHandle, useState } from 'react'
import { useI18n } from '../lib/i18n.tsx'
import { AlertIcon } from '../ui/icon.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { Badge } from '../ui/list-row.tsx'
import classes from './history.module.css'
import { DownIcon } from './icons.tsx'
import { useActions } from './message-actions.tsx'
import { MessageRow } from './message-row.tsx'
import type { Message, ShownMessage } from './shapes.ts'
import type { Target, Timeline, TimelineState } from './timeline.ts'
import type { Row } from './use-rows.ts'
import { useWindow } from './use-window.ts'

export type HistoryHandle = {
  goToEnd(): void
  /** Shows a message if it is held; whether it is. */
  goTo(target: Target): boolean
  /** Puts the keyboard on the last message. */
  focus(): void
}

export type HistoryProps = {
  ref: Ref<HistoryHandle>
  label: string
  timeline: Timeline
  state: TimelineState
  rows: readonly Row[]
  userId: string
  pinned: readonly string[]
  /** How far the others have read, for marks at own messages. */
  readers: { all: number; some: number }
  found: number | undefined
  unread: number
  beginning: React.ReactNode
  onSeen(seen: { seq: number; atEnd: boolean }): void
  onLatest(): void
}

/** The messages of a conversation. Only those near what is in sight are in the page. */
export function History(props: HistoryProps) {
  const { ref, label, timeline, state, rows, userId, pinned, readers, found, unread } = props
  const { t, formatNumber } = useI18n()
  const actions = useActions()
  const [current, setCurrent] = useState<string>()
  const [atEnd, setAtEnd] = useState(true)
  const { scroller, list, drawn, spaceBefore, spaceAfter, goToEnd, goTo, isHeld } = useWindow({
    rows,
    epoch: state.epoch,
    target: state.target,
    older: state.older,
    newer: state.newer,
    extend: timeline.extend,
    onSeen(seen) {
      setAtEnd(seen.atEnd)
      props.onSeen(seen)
    },
  })
  useImperativeHandle(ref, () => ({
    goToEnd,
    goTo(target) {
      const held = isHeld(target.seq)
      if (held) goTo(target)
      return held
    },
    focus: () => focusOn(list.current?.lastElementChild),
  }))

  const first = drawn.some(({ key }) => key === current) ? current : drawn.at(-1)?.key

  /** Arrows (or J and K) walk from message to message; letters do something with one. */
  function hearKeys(event: KeyboardEvent<HTMLDivElement>): void {
    const article = (event.target as HTMLElement).closest('article')
    if (event.target !== article || event.ctrlKey || event.metaKey || event.altKey) return
    const row = article?.parentElement
    const message = drawn.find(({ key }) => key === row?.dataset.key)?.message
    const steps: Record<string, Element | null | undefined> = {
      ArrowUp: row?.previousElementSibling,
      k: row?.previousElementSibling,
      ArrowDown: row?.nextElementSibling,
      j: row?.nextElementSibling,
    }
    if (event.key in steps) {
      event.preventDefault()
      focusOn(steps[event.key])
    } else if (event.key === 'End') {
      event.preventDefault()
      props.onLatest()
      requestAnimationFrame(() => focusOn(list.current?.lastElementChild))
    } else if (message && hearLetter(event.key, message)) {
      event.preventDefault()
      // The same letter must not be heard as a command of the page too.
      event.stopPropagation()
    }
  }

  function hearLetter(key: string, message: ShownMessage): boolean {
    if (message.pending || message.deletedAt !== null) return false
    const own = message.senderId === userId
    const letters: Record<string, (() => void) | false> = {
      r: () => actions.reply(message),
      '+': () => actions.askReaction(message),
      c: () => actions.copy(message.content),
      e: own && (() => actions.edit(message)),
      p: actions.mayPin && (() => actions.pin(message)),
      Delete: actions.mayDelete(message) && (() => actions.askDelete(message)),
    }
    const act = letters[key]
    if (!act) return false
    act()
    return true
  }

  return (
    <div className={classes.frame}>
      <div ref={scroller} className={classes.scroller} data-history="">
        <div className={classes.inside}>
          <div className={classes.edge}>
            {state.older ? (
              <Edge state={state.getting.older} retry={() => timeline.extend('older')} />
            ) : (
              props.beginning
            )}
          </div>
          <div
            ref={list}
            className={classes.rows}
            role="log"
            aria-live="off"
            aria-label={label}
            // Rows that are not drawn leave their height behind.
            style={{ paddingBlock: `${spaceBefore}px ${spaceAfter}px` }}
            onKeyDown={hearKeys}
            onFocus={({ target }) => {
              const row = target.closest<HTMLElement>('[data-key]')
              if (row?.dataset.key) setCurrent(row.dataset.key)
            }}
          >
            {drawn.map(({ key, message, newDay, grouped, firstNew }) => (
              <MessageRow
                key={key}
                rowKey={key}
                message={message}
                newDay={newDay}
                grouped={grouped}
                firstNew={firstNew}
                own={message.senderId === userId}
                pinned={pinned.includes(message.id)}
                read={message.senderId === userId ? readOf(message, readers) : undefined}
                current={key === first}
                found={found === message.seq}
              />
            ))}
          </div>
          {state.newer && (
            <div className={classes.edge}>
              <Edge state={state.getting.newer} retry={() => timeline.extend('newer')} />
            </div>
          )}
        </div>
      </div>
      {!atEnd && (
        <div className={classes.latest}>
          {unread > 0 && (
            <Badge tone="mention">
              <span aria-hidden="true">{formatNumber(unread)}</span>
            </Badge>
          )}
          <IconButton
            className={classes.latestButton}
            label={unread > 0 ? t('chat.latestNew', { count: unread }) : t('chat.latest')}
            icon={<DownIcon />}
            onClick={props.onLatest}
          />
        </div>
      )}
    </div>
  )
}

function readOf(message: Message, { all, some }: HistoryProps['readers']) {
  if (message.seq <= all) return 'all'
  return message.seq <= some ? 'some' : 'none'
}

function focusOn(row: Element | null | undefined): void {
  const article = row?.querySelector<HTMLElement>(':scope > article')
  article?.focus({ preventScroll: true })
  article?.scrollIntoView({ block: 'nearest' })
}

/** The end of what is held: more is on its way, or did not come. */
function Edge({ state, retry }: { state: TimelineState['getting']['older']; retry(): void }) {
  const { t } = useI18n()
  if (state === 'failed') {
    return (
      <div className={classes.failed} role="alert">
        <AlertIcon size={16} />
        {t('chat.olderFailed')}
        <button type="button" onClick={retry}>
          {t('action.retry')}
        </button>
      </div>
    )
  }
  return <span className={classes.waiting}>{t('state.loading')}</span>
}
