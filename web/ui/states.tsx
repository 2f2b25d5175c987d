import type { ReactNode } from 'react'
import { Failure } from '../../client/index.ts'
import { useI18n } from '../lib/i18n.tsx'
import { Button } from './button.tsx'
import { AlertIcon } from './icon.tsx'
import classes from './states.module.css'

export type EmptyStateProps = {
  title: string
  hint?: ReactNode
  icon?: ReactNode
  /** What one can do about it: a button or a link. */
  action?: ReactNode
  /** 1 where it is the whole page. */
  level?: 1 | 2
}

/** Where something could be and nothing is: says what would be here, and how it comes about. */
export function EmptyState({ title, hint, icon, action, level = 2 }: EmptyStateProps) {
  const Heading = level === 1 ? 'h1' : 'h2'
  return (
    <div className={classes.state}>
      {icon && <div className={classes.icon}>{icon}</div>}
      <Heading className={classes.title}>{title}</Heading>
      {hint && <p className={classes.hint}>{hint}</p>}
      {action && <div className={classes.action}>{action}</div>}
    </div>
  )
}

export type ErrorStateProps = {
  error: unknown
  /** Asks again. */
  retry?: (() => unknown) | undefined
  title?: string
}

/** What went wrong in the place of what should be here. */
export function ErrorState({ error, retry, title }: ErrorStateProps) {
  const { t, explain } = useI18n()
  const requestId = readRequestId(error)
  return (
    <div className={classes.state} role="alert">
      <div className={classes.icon} data-tone="danger">
        <AlertIcon size={28} />
      </div>
      <h2 className={classes.title}>{title ?? t('state.failed')}</h2>
      <p className={classes.hint}>{explain(error)}</p>
      {requestId && <p className={classes.request}>{t('state.requestId', { id: requestId })}</p>}
      {retry && (
        <div className={classes.action}>
          <Button variant="plain" onClick={() => void retry()}>
            {t('action.retry')}
          </Button>
        </div>
      )}
    </div>
  )
}

/** What an admin needs to find a bug in the logs. */
function readRequestId(error: unknown): string | undefined {
  if (!(error instanceof Failure) || error.code !== 'internal') return undefined
  return (error.cause as { requestId?: string } | undefined)?.requestId
}

export type LoadingStateProps = {
  /** Shapes of what comes, so that nothing moves when it does. */
  as?: 'rows' | 'page'
  rows?: number
}

/** Something is on its way. It shows itself late: what comes at once needs no announcement. */
export function LoadingState({ as = 'rows', rows = 8 }: LoadingStateProps) {
  const { t } = useI18n()
  return (
    <div className={classes.loading} role="status" data-as={as}>
      <span className="said">{t('state.loading')}</span>
      {Array.from({ length: as === 'rows' ? rows : 4 }, (_, index) => (
        <div key={index} className={classes.skeleton} aria-hidden="true">
          {as === 'rows' && <span className={classes.disc} />}
          <span className={classes.bars}>
            <span />
            <span />
          </span>
        </div>
      ))}
    </div>
  )
}
