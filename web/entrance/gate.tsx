import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useI18n } from '../lib/i18n.tsx'
import { useSite } from '../lib/site.ts'
import { useTitle } from '../lib/title.tsx'
import { Colonnade } from './colonnade.tsx'
import classes from './gate.module.css'
import { Preferences } from './preferences.tsx'

export type GateProps = {
  title: string
  hint?: ReactNode
  /** Under the content: the other way in. */
  footer?: ReactNode
  children?: ReactNode
}

/** The frame of every screen for people who are not (quite) in yet. */
export function Gate({ title, hint, footer, children }: GateProps) {
  const { t } = useI18n()
  const { data: site } = useSite()
  useTitle(title)
  return (
    <div className={classes.gate}>
      <div className={classes.side}>
        <header className={classes.header}>
          <Link to="/" className={classes.mark}>
            <img src="/icon.svg" alt="" width={32} height={32} />
            <span>{site?.siteName ?? t('app.name')}</span>
          </Link>
        </header>
        <main id="content" className={classes.content}>
          <h1 className={classes.title}>{title}</h1>
          {hint && <p className={classes.hint}>{hint}</p>}
          {children}
          {footer && <div className={classes.footer}>{footer}</div>}
        </main>
        <Preferences />
      </div>
      <Colonnade className={classes.picture} />
    </div>
  )
}
