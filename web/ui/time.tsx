import { useI18n } from '../lib/i18n.tsx'

export type TimeProps = {
  /** ISO 8601, or milliseconds since 1970. */
  at: string | number
  /** `recent`: short, for lists; `time`: of the day; `date`; `full`: both. */
  as?: 'recent' | 'time' | 'date' | 'full'
  className?: string | undefined
}

/** A moment, as this person's country writes it; the whole of it on hover. */
export function Time({ at, as = 'recent', className }: TimeProps) {
  const { formatDate, formatDateTime, formatRecent, formatTime } = useI18n()
  const format = { recent: formatRecent, time: formatTime, date: formatDate, full: formatDateTime }
  return (
    <time className={className} dateTime={new Date(at).toISOString()} title={formatDateTime(at)}>
      {format[as](at)}
    </time>
  )
}
