import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react'
import { useI18n } from '../lib/i18n.tsx'
import classes from './endless-list.module.css'

export type EndlessListProps<Item> = {
  /** Names the list for those who do not see it. */
  label: string
  items: readonly Item[]
  idOf: (item: Item) => string
  /** Pixels that a row usually takes; rows are measured when they are there. */
  rowHeight?: number
  /** Whether there are more items than these. */
  hasMore: boolean
  /** Asks for more; called again only after it has brought something. */
  loadMore: () => unknown
  /** One row. It fills the width, and its first link or button is what the arrow keys reach. */
  children: (item: Item) => ReactNode
}

/** Rows to the end of the list before which more are asked for. */
const ahead = 10

/**
 * A list as long as it likes to be: only what is in sight is there, and more comes before one
 * reaches the end. Arrow keys, Home and End go from row to row.
 */
export function EndlessList<Item>({
  label,
  items,
  idOf,
  rowHeight = 64,
  hasMore,
  loadMore,
  children,
}: EndlessListProps<Item>) {
  const { t } = useI18n()
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => {
      const item = items[index]
      return item === undefined ? index : idOf(item)
    },
    overscan: 6,
  })
  const rows = virtual.getVirtualItems()
  const nearEnd = (rows.at(-1)?.index ?? -1) >= items.length - ahead

  useEffect(() => {
    if (hasMore && nearEnd) void loadMore()
  }, [hasMore, nearEnd, loadMore])

  function move(event: KeyboardEvent) {
    const from = (event.target as HTMLElement).closest<HTMLElement>('[data-index]')
    const index = Number(from?.dataset.index)
    const steps: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      Home: 0,
      End: items.length - 1,
    }
    const to = steps[event.key]
    if (!from || to === undefined || to < 0 || to >= items.length) return
    event.preventDefault()
    virtual.scrollToIndex(to)
    // The row may only come to be by the scrolling.
    requestAnimationFrame(() => {
      const row = scroller.current?.querySelector(`[data-index="${to}"]`)
      row?.querySelector<HTMLElement>('a, button')?.focus({ preventScroll: true })
    })
  }

  return (
    <div ref={scroller} className={classes.scroller}>
      <ul
        aria-label={label}
        className={classes.rows}
        style={{ height: virtual.getTotalSize() }}
        onKeyDown={move}
      >
        {rows.map(({ key, index, start }) => {
          const item = items[index]
          if (item === undefined) return null
          return (
            <li
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              aria-setsize={hasMore ? -1 : items.length}
              aria-posinset={index + 1}
              className={classes.row}
              style={{ transform: `translateY(${start}px)` }}
            >
              {children(item)}
            </li>
          )
        })}
      </ul>
      {hasMore && (
        <p className={classes.more} role="status">
          {t('state.loading')}
        </p>
      )}
    </div>
  )
}
