import { type Job, repeat } from '../../kit/job.ts'
import type { Deps } from './deps.ts'

export function createJobs({ presence, config, log }: Deps): Job[] {
  return [
    repeat({
      name: 'users.settle_presence',
      everyMs: Math.max(20, config.PRESENCE_GRACE_MS / 4),
      log,
      run: presence.settle,
    }),
    repeat({
      name: 'users.end_silent_connections',
      everyMs: config.PRESENCE_EXPIRE_MS / 6,
      log,
      run: presence.endSilent,
    }),
  ]
}
