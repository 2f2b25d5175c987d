import { createContext, type ReactNode, useContext, useEffect, useRef } from 'react'
import classes from './screen.module.css'

/** Whether the list is what the screen is about, because nothing of it is chosen. */
const ListAlone = createContext(false)

export type ScreenProps = {
  /** The list that one chooses from. Without one, the detail has the whole width. */
  list?: ReactNode
  /** What was chosen, or what says that nothing was. */
  detail: ReactNode
  /** What more there is about it, at the side where there is room, else over it. */
  aside?: ReactNode
  /** Which of them a phone shows. */
  showing?: 'list' | 'detail'
}

/** The one layout of all screens: a list, what was chosen from it, and what more there is. */
export function Screen({ list, detail, aside, showing = 'detail' }: ScreenProps) {
  return (
    <div className={classes.screen} data-showing={showing} data-aside={Boolean(aside)}>
      {list && (
        <div className={classes.list}>
          <ListAlone value={showing === 'list'}>{list}</ListAlone>
        </div>
      )}
      <div className={classes.detail}>{detail}</div>
      {aside && <div className={classes.aside}>{aside}</div>}
    </div>
  )
}

export type PaneProps = {
  /** Names the pane; it is the heading and, unless `headed` is false, the name of the page. */
  title: ReactNode
  subtitle?: ReactNode
  /** At the start of the header: on phones the way back to the list. */
  before?: ReactNode
  /** At the end of the header: icon buttons. */
  actions?: ReactNode
  /** Under the header, not scrolled: a search field. */
  tools?: ReactNode
  /** At the bottom, not scrolled: a composer. */
  footer?: ReactNode
  /** The level of the heading: 1 for the detail of a screen, or the list alone; 2 for the rest. */
  level?: 1 | 2
  /** Whether the content scrolls here; no for what scrolls by itself. */
  scroll?: boolean
  /** Puts the focus on the heading when this changes: the address of what was navigated to. */
  focusOn?: string
  children: ReactNode
}

/** A header and what it is about. */
export function Pane({
  title,
  subtitle,
  before,
  actions,
  tools,
  footer,
  level = 1,
  scroll = true,
  focusOn,
  children,
}: PaneProps) {
  const listAlone = useContext(ListAlone)
  const Heading = level === 1 || listAlone ? 'h1' : 'h2'
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (focusOn !== undefined) heading.current?.focus({ preventScroll: true })
  }, [focusOn])
  return (
    <section className={classes.pane}>
      <header className={classes.header}>
        {before}
        <div className={classes.titles}>
          <Heading className={classes.title} ref={heading} tabIndex={-1}>
            {title}
          </Heading>
          {subtitle && <div className={classes.subtitle}>{subtitle}</div>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {tools && <div className={classes.tools}>{tools}</div>}
      <div className={classes.body} data-scroll={scroll}>
        {children}
      </div>
      {footer && <footer className={classes.footer}>{footer}</footer>}
    </section>
  )
}
