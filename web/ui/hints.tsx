import { useEffect, useRef } from 'react'
import { placeAt } from './floating.ts'
import classes from './hints.module.css'

const shownAfterMs = 400
/** Long enough to go over to the hint with the pointer, to read it enlarged. */
const hiddenAfterMs = 100

/**
 * Shows the `data-hint` of what the pointer rests on, or the keyboard stops at. One for the whole
 * page; what is read aloud is the name of the element itself.
 */
export function Hints() {
  const hint = useRef<HTMLDivElement>(null)

  useEffect(() => {
    const shown = hint.current
    if (!shown) return
    const ends = new AbortController()
    const options = { signal: ends.signal, capture: true, passive: true }
    let at: Element | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const isShown = () => shown.matches(':popover-open')

    function show() {
      if (!shown || !at?.isConnected) return
      shown.textContent = at.getAttribute('data-hint')
      // Anew each time: what was opened last is above the rest, a window too.
      shown.hidePopover()
      shown.showPopover()
      placeAt(shown, at, 'middle')
    }
    function hide() {
      clearTimeout(timer)
      at = undefined
      shown?.hidePopover()
    }
    function turnTo(target: Element) {
      const next = target === shown ? at : (target.closest('[data-hint]') ?? undefined)
      if (next === at) {
        if (isShown()) clearTimeout(timer)
        return
      }
      clearTimeout(timer)
      if (next) {
        at = next
        timer = setTimeout(show, isShown() ? 0 : shownAfterMs)
      } else if (isShown()) {
        timer = setTimeout(hide, hiddenAfterMs)
      } else {
        at = undefined
      }
    }

    function hearPointer({ target, pointerType }: PointerEvent) {
      if (pointerType !== 'touch' && target instanceof Element) turnTo(target)
    }
    function hearFocus({ target }: FocusEvent) {
      if (target instanceof Element && target.matches(':focus-visible')) turnTo(target)
    }
    document.addEventListener('pointerover', hearPointer, options)
    document.addEventListener('focusin', hearFocus, options)
    for (const name of ['pointerdown', 'keydown', 'scroll', 'blur']) {
      addEventListener(name, hide, options)
    }
    document.documentElement.addEventListener('pointerleave', hide, { signal: ends.signal })
    return () => {
      ends.abort()
      clearTimeout(timer)
    }
  }, [])

  return <div ref={hint} popover="manual" aria-hidden="true" className={classes.hint} />
}
