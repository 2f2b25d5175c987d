import { createLink } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import classes from './button.module.css'

type Looks = {
  /** `main`: what the page is for; `plain`: what else can be done; `quiet`: without a border. */
  variant?: 'main' | 'plain' | 'quiet'
  /** For what cannot be undone. */
  tone?: 'danger'
  /** Over the whole width of what it is in. */
  wide?: boolean
  /** Beside a line of text. */
  compact?: boolean
  icon?: ReactNode
}

export type ButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'color'> &
  Looks & {
    /** What it began is not over yet. */
    loading?: boolean
    ref?: Ref<HTMLButtonElement>
  }

export function Button({ loading = false, disabled, icon, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      disabled={disabled || loading}
      aria-busy={loading || undefined}
      {...dress(rest)}
    >
      {icon}
      {children}
    </button>
  )
}

type AnchorProps = AnchorHTMLAttributes<HTMLAnchorElement> &
  Looks & { ref?: Ref<HTMLAnchorElement> }

function Anchor({ icon, children, ...rest }: AnchorProps) {
  return (
    <a {...dress(rest)}>
      {icon}
      {children}
    </a>
  )
}

/** The same that leads somewhere; takes `to` and `params` as every link of the router does. */
export const ButtonLink = createLink(Anchor)

function dress<Props extends Looks & { className?: string | undefined }>(props: Props) {
  const { variant = 'main', tone, wide, compact, icon: _, className, ...rest } = props
  return {
    ...rest,
    className: [classes.button, className].filter(Boolean).join(' '),
    'data-variant': variant,
    'data-tone': tone,
    'data-wide': wide,
    'data-compact': compact,
  }
}
