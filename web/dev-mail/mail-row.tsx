import type { ItemOf } from '../lib/calls.ts'
import { Time } from '../ui/time.tsx'
import classes from './mail-row.module.css'

export type Mail = ItemOf<'notifications', 'listLocalMail'>

export function MailRow({
  mail: { subject, to, createdAt },
  chosen,
  onChoose,
}: {
  mail: Mail
  chosen: boolean
  onChoose: () => void
}) {
  return (
    <button type="button" className={classes.row} aria-current={chosen} onClick={onChoose}>
      <span className={classes.subject}>
        <bdi>{subject}</bdi>
      </span>
      <Time at={createdAt} className={classes.time} />
      <span className={classes.to}>{to}</span>
    </button>
  )
}
