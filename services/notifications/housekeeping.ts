import { type Job, repeat } from '../../kit/job.ts'
import type { Deps } from './deps.ts'
import * as mailStore from './store/mail.ts'
import * as notificationStore from './store/notifications.ts'
import { subtractUnread } from './store/recipients.ts'

const hourMs = 3_600_000
/** Few enough that other writes never wait long. */
const atOnce = 500

/** Lets go of mails and notifications that are older than the settings say. */
export function createHousekeeping({ db, config, log }: Pick<Deps, 'db' | 'config' | 'log'>): Job {
  async function deleteOldMail(): Promise<void> {
    const before = daysAgo(config.MAIL_DAYS)
    while ((await mailStore.deleteOldMail(db, before, atOnce)) === atOnce);
  }

  async function deleteOldNotifications(): Promise<void> {
    const before = daysAgo(config.NOTIFICATION_DAYS)
    for (;;) {
      const deleted = await db.transaction().execute(async (tx) => {
        const rows = await notificationStore.deleteOldNotifications(tx, before, atOnce)
        const unread = rows.filter(({ readAt }) => readAt === null)
        for (const [userId, ofOne] of Map.groupBy(unread, (row) => row.userId)) {
          await subtractUnread(tx, userId, ofOne.length)
        }
        return rows.length
      })
      if (deleted < atOnce) return
    }
  }

  return repeat({
    name: 'notifications.housekeeping',
    everyMs: hourMs,
    log,
    async run() {
      if (config.MAIL_DAYS > 0) await deleteOldMail()
      if (config.NOTIFICATION_DAYS > 0) await deleteOldNotifications()
    },
  })
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 24 * hourMs).toISOString()
}
