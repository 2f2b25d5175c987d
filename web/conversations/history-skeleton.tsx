import { useI18n } from '../lib/i18n.tsx'
import classes from './history-skeleton.module.css'

const widths = [62, 38, 74, 51, 29, 66, 44]

/** The shape of messages that are on their way; they take its place without moving anything. */
export function HistorySkeleton() {
  const { t } = useI18n()
  return (
    <div className={classes.skeleton} role="status">
      <span className="said">{t('state.loading')}</span>
      {widths.map((width) => (
        <div key={width} className={classes.row} aria-hidden="true">
          <span className={classes.disc} />
          <span className={classes.bars}>
            <span />
            <span style={{ width: `${width}%` }} />
          </span>
        </div>
      ))}
    </div>
  )
}
