import { type Job, repeat } from '../../kit/job.ts'
import type { Logger } from '../../kit/log.ts'
import * as store from './store.ts'

type Deps = { db: Parameters<typeof store.deleteOldEntries>[0]; log: Logger; days: number }

const hourMs = 3_600_000
/** Few enough that other writes never wait long. */
const atOnce = 1_000

/** Lets go of entries that are older than they are to be kept. */
export function createRetention({ db, log, days }: Deps): Job {
  return repeat({
    name: 'audit.retention',
    everyMs: hourMs,
    log,
    async run() {
      const before = new Date(Date.now() - days * 24 * hourMs).toISOString()
      while ((await store.deleteOldEntries(db, before, atOnce)) === atOnce);
    },
  })
}
