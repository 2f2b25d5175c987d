import { createLink } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, ReactNode, Ref } from 'react'
import classes from './list-row.module.css'

type RowProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'title'> & {
  /** At the start: an avatar or an icon. */
  before?: ReactNode
  title: ReactNode
  /** Beside the title: a time. */
  meta?: ReactNode
  /** Under the title, one line. */
  text?: ReactNode
  /** At the end of the second line: badges. */
  badges?: ReactNode
  /** Something new is in it. */
  strong?: boolean
  ref?: Ref<HTMLAnchorElement>
}

function Row({ before, title, meta, text, badges, strong, className, ...rest }: RowProps) {
  return (
    <a
      className={[classes.row, className].filter(Boolean).join(' ')}
      data-strong={strong}
      {...rest}
    >
      {before}
      <span className={classes.lines}>
        <span className={classes.line}>
          <span className={classes.title}>{title}</span>
          {meta && <span className={classes.meta}>{meta}</span>}
        </span>
        {(text || badges) && (
          <span className={classes.line}>
            <span className={classes.text}>{text}</span>
            {badges && <span className={classes.badges}>{badges}</span>}
          </span>
        )}
      </span>
    </a>
  )
}

/** One entry of a list; takes `to` and `params` as every link of the router does. */
export const ListRow = createLink(Row)

/** A number in a pill: `mention` calls, the rest informs. */
export function Badge({
  tone = 'plain',
  children,
}: {
  tone?: 'plain' | 'mention'
  children: ReactNode
}) {
  return (
    <span className={classes.badge} data-tone={tone}>
      {children}
    </span>
  )
}
