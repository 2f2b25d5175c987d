import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import classes from './icon-button.module.css'

export type IconButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children'> & {
  /** What it does, in words: read aloud, and shown on hover and focus by `Hints`. */
  label: string
  icon: ReactNode
  /** A key that does the same, shown beside the label. */
  shortcut?: string
  ref?: Ref<HTMLButtonElement>
}

/** A button without words on it. */
export function IconButton({ label, icon, shortcut, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      aria-keyshortcuts={shortcut?.replace('+', 'Plus')}
      data-hint={shortcut ? `${label} · ${shortcut}` : label}
      className={[classes.button, className].filter(Boolean).join(' ')}
      {...rest}
    >
      {icon}
    </button>
  )
}
