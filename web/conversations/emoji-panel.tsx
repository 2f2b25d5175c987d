import { lazy, Suspense } from 'react'
import classes from './emoji-panel.module.css'

const EmojiPicker = lazy(() =>
  import('./emoji-picker.tsx').then(({ EmojiPicker }) => ({ default: EmojiPicker })),
)

export type EmojiPanelProps = {
  onPick(emoji: string): void
  /** Absent where what is around it closes it. */
  onClose?: () => void
}

/** Emoji to choose from; loaded when first wanted. */
export function EmojiPanel({ onPick, onClose }: EmojiPanelProps) {
  const floating = onClose !== undefined
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is inside is what one acts upon.
    <div
      className={classes.panel}
      data-floating={floating}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !onClose) return
        event.preventDefault()
        event.stopPropagation()
        onClose()
      }}
    >
      <Suspense fallback={<div className={classes.waiting} />}>
        <EmojiPicker onPick={onPick} />
      </Suspense>
    </div>
  )
}
