import { type RefObject, useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from 'react'
import type { Target } from './timeline.ts'
import type { Row } from './use-rows.ts'

/** The rows that are drawn, by the places of the first and the last of them. */
type Drawn = { epoch: number; from: number; to: number }

type WindowOptions = {
  rows: readonly Row[]
  /** Changes when the rows are others altogether. */
  epoch: number
  /** Where to begin when they are; at the end unless given. */
  target: Target | undefined
  older: boolean
  newer: boolean
  extend(side: 'older' | 'newer'): void
  /** Told of the last message in sight, and whether that is at the end. */
  onSeen(seen: { seq: number; atEnd: boolean }): void
}

/** After all others: what is drawn goes up to the end, and stays with it. */
const theEnd = Number.MAX_SAFE_INTEGER
/** How many rows are drawn around a place at first, before anything is measured. */
const before = 14
const after = 26
/** A row that was not measured yet is taken to be this high. */
const guess = 56
/** Pages are asked for while so many rows of the held ones are not drawn yet. */
const ahead = 40

/**
 * Draws the rows around what is in sight and moves with it. The list hangs from its end, so rows
 * added above move nothing; what changes below is made up for before it is painted. Rows that are
 * not drawn any more leave exactly the height behind that they had.
 */
export function useWindow(options: WindowOptions) {
  const { rows, epoch, target, older, newer } = options
  const scroller = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const heights = useRef(new Map<string, number>()).current
  /** What must not move: a row, and its distance from the top of the view when scrolled so far. */
  const anchor = useRef<{ key: string; top: number; scrolled: number } | undefined>(undefined)
  const goal = useRef<Target | undefined>(undefined)
  const atEnd = useRef(true)
  const [drawn, setDrawn] = useState<Drawn>({ epoch: -1, from: 0, to: 0 })

  const start = rows[0]?.place ?? 0
  const indexOf = (seq: number) => {
    if (seq === theEnd) return rows.length - 1
    return Math.max(0, Math.min(rows.length - 1, seq - start))
  }
  const around = (index: number): Drawn => ({
    epoch,
    from: rows[Math.max(0, index - before)]?.place ?? 0,
    to: index + after >= rows.length ? theEnd : (rows[index + after]?.place ?? theEnd),
  })

  let shown = drawn
  if (drawn.epoch !== epoch && rows.length > 0) {
    shown = around(target ? indexOf(target.seq) : rows.length - 1)
    setDrawn(shown)
  }
  const from = indexOf(shown.from)
  const to = indexOf(shown.to)

  const heightOf = (begin: number, end: number) => {
    let sum = 0
    for (let at = begin; at < end; at += 1) sum += heights.get(rows[at]?.key ?? '') ?? 0
    return sum
  }
  const spaceBefore = heightOf(0, from)
  const spaceAfter = heightOf(to + 1, rows.length)

  const lastEpoch = useRef(-1)
  if (lastEpoch.current !== epoch && rows.length > 0) {
    lastEpoch.current = epoch
    goal.current = target
    anchor.current = undefined
    atEnd.current = target === undefined
  }

  const rowElements = () => (list.current?.children ?? []) as HTMLCollectionOf<HTMLElement>

  function elementOf(key: string | undefined): HTMLElement | null | undefined {
    if (key === undefined) return undefined
    return list.current?.querySelector<HTMLElement>(`:scope > [data-key="${CSS.escape(key)}"]`)
  }

  /** The first row whose lower edge is below a line, by halving: rows are in order. */
  function findAt(line: number): HTMLElement | undefined {
    const all = rowElements()
    let low = 0
    let high = all.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((all[middle]?.getBoundingClientRect().bottom ?? 0) > line) high = middle
      else low = middle + 1
    }
    return all[low]
  }

  function note(): void {
    const view = scroller.current
    if (!view) return
    const box = view.getBoundingClientRect()
    atEnd.current = view.scrollTop > -4 && !newer && shown.to === theEnd
    const top = findAt(box.top + 1)
    anchor.current = top?.dataset.key
      ? {
          key: top.dataset.key,
          top: top.getBoundingClientRect().top - box.top,
          scrolled: view.scrollTop,
        }
      : undefined
    let bottom: Element | null | undefined = findAt(box.bottom - 12)
    // What is on its way has no place yet, and needs none to be read.
    while (bottom instanceof HTMLElement && !bottom.dataset.seq)
      bottom = bottom.previousElementSibling
    const seq = bottom instanceof HTMLElement ? Number(bottom.dataset.seq) : 0
    if (seq > 0) options.onSeen({ seq, atEnd: atEnd.current })
  }

  /** Puts what was in sight back to where it was, or the goal to where it is wanted. */
  function hold(): void {
    const view = scroller.current
    if (!view) return
    const box = view.getBoundingClientRect()
    const wanted = goal.current
    if (wanted) {
      const row = elementOf(rows[indexOf(wanted.seq)]?.key)
      if (row) {
        const { top, height } = row.getBoundingClientRect()
        const share = wanted.at === 'start' ? 0.15 : 0.5
        const free = Math.max(0, box.height - height)
        view.scrollTop += top - box.top - free * share
        goal.current = undefined
      } else if (rows.length > 0) {
        setDrawn(around(indexOf(wanted.seq)))
        return
      }
    } else if (atEnd.current) {
      if (view.scrollTop !== 0) view.scrollTop = 0
    } else if (anchor.current) {
      const { key, top, scrolled } = anchor.current
      const row = elementOf(key)
      // Who has scrolled since, and was not heard yet, has moved it on purpose.
      const wanted = top - (view.scrollTop - scrolled)
      const moved = row ? row.getBoundingClientRect().top - box.top - wanted : 0
      if (Math.abs(moved) >= 1) view.scrollTop += moved
    }
    note()
  }

  /** Draws more where the view comes near the edge, less where it is far, and asks for pages. */
  function settle(): void {
    const view = scroller.current
    const all = rowElements()
    const first = all[0]
    const last = all[all.length - 1]
    if (!view || !first || !last || goal.current) return
    const box = view.getBoundingClientRect()
    const above = box.top - first.getBoundingClientRect().top
    const below = last.getBoundingClientRect().bottom - box.bottom
    if (box.height === 0) return
    const size = Math.max(box.height, 200)
    const average = Math.max(24, (above + size + below) / all.length)

    if (above < -size || below < -size) {
      setDrawn(around(findByHeight(first.getBoundingClientRect().top)))
      return
    }
    let begin = from
    let end = to
    if (above < size) begin = Math.max(0, from - Math.ceil((1.5 * size - above) / average))
    else if (above > 4 * size) begin = from + spare(above - 2 * size, from, 1)
    if (below < size)
      end = Math.min(rows.length - 1, to + Math.ceil((1.5 * size - below) / average))
    else if (below > 4 * size) end = to - spare(below - 2 * size, to, -1)
    if (begin !== from || end !== to) {
      setDrawn({
        epoch,
        from: rows[begin]?.place ?? 0,
        to: end >= rows.length - 1 ? theEnd : (rows[end]?.place ?? theEnd),
      })
    }
    if (older && begin < ahead) options.extend('older')
    if (newer && rows.length - end < ahead) options.extend('newer')
  }

  /** How many rows from one end on fit into a height that is not needed any more. */
  function spare(height: number, begin: number, step: 1 | -1): number {
    let left = height
    let count = 0
    for (let at = begin; count < to - from; at += step, count += 1) {
      left -= heights.get(rows[at]?.key ?? '') ?? guess
      if (left < 0) break
    }
    return count
  }

  /** The row that belongs at the top of the view, which has gone past all that is drawn. */
  function findByHeight(firstTop: number): number {
    const top = scroller.current?.getBoundingClientRect().top ?? 0
    let line = firstTop - spaceBefore
    for (let at = 0; at < rows.length; at += 1) {
      line += heights.get(rows[at]?.key ?? '') ?? guess
      if (line > top) return at
    }
    return rows.length - 1
  }

  useLayoutEffect(() => {
    for (const row of rowElements()) {
      const { key } = row.dataset
      if (key) heights.set(key, row.getBoundingClientRect().height)
    }
    hold()
    settle()
  })

  const onResize = useEffectEvent((narrower: boolean) => {
    if (narrower) heights.clear()
    hold()
    settle()
  })
  const onScroll = useEffectEvent(() => {
    note()
    settle()
  })
  useEffect(() => {
    const view = scroller.current
    const inside = list.current
    if (!view || !inside) return
    let width = view.clientWidth
    const observer = new ResizeObserver(() => {
      const changed = view.clientWidth !== width
      width = view.clientWidth
      onResize(changed)
    })
    observer.observe(view)
    observer.observe(inside)
    const hear = () => onScroll()
    view.addEventListener('scroll', hear, { passive: true })
    return () => {
      observer.disconnect()
      view.removeEventListener('scroll', hear)
    }
  }, [])

  return {
    scroller: scroller as RefObject<HTMLDivElement | null>,
    list: list as RefObject<HTMLDivElement | null>,
    drawn: rows.slice(from, to + 1),
    spaceBefore,
    spaceAfter,
    /** Shows the end of what is held. */
    goToEnd(): void {
      goal.current = undefined
      anchor.current = undefined
      atEnd.current = true
      setDrawn({ ...around(rows.length - 1) })
    },
    /** Shows a message that is held. */
    goTo(next: Target): void {
      atEnd.current = false
      goal.current = next
      setDrawn(around(indexOf(next.seq)))
    },
    isHeld: (seq: number) => rows.length > 0 && seq >= start && seq <= (rows.at(-1)?.place ?? 0),
  }
}
