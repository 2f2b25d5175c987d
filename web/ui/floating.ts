/** From the edge of the window, and from what it belongs to. */
const edge = 8
const gap = 4

/**
 * Puts what floats above the page under an element, or over it where there is no room below; or
 * else at its side, where there is room for that. Nothing of it is outside the window.
 */
export function placeAt(floating: HTMLElement, anchor: Element, where: 'end' | 'middle' | 'side') {
  const at = anchor.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = floating
  const lastLeft = document.documentElement.clientWidth - width - edge
  const lastTop = window.innerHeight - height - edge

  const isBeside = where === 'side' && at.right + gap <= lastLeft
  const below = at.bottom + gap
  const left = isBeside
    ? at.right + gap
    : where === 'middle'
      ? at.left + (at.width - width) / 2
      : Math.max(at.left, at.right - width)
  const top = isBeside ? at.bottom - height : below <= lastTop ? below : at.top - gap - height

  floating.style.left = `${Math.max(edge, Math.min(left, lastLeft))}px`
  floating.style.top = `${Math.max(edge, Math.min(top, lastTop))}px`
}
