import { type RefObject, useLayoutEffect } from 'react'

/** Makes a field as high as what is in it; its style sheet says how high at most. */
export function useGrowing(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    const element = field.current
    // Newer browsers do the same by `field-sizing`.
    if (!element || CSS.supports('field-sizing', 'content')) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight}px`
  }, [field, text])
}
