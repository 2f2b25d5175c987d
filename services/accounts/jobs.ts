import { type Job, repeat } from '../../kit/job.ts'
import type { Deps } from './deps.ts'
import * as accounts from './store/accounts.ts'
import { forgetExpired } from './store/sessions.ts'
import { forgetOneTimeTokens } from './store/tokens.ts'

const minuteMs = 60_000
const monthMs = 30 * 24 * 3_600_000
const blocksAtOnce = 100

export function createJobs({ db, outbox, audit, log, startCall }: Deps): Job[] {
  /** Blocks that have run out no longer hold; here everybody else is told. */
  async function liftEndedBlocks(): Promise<void> {
    const ended = await accounts.findEndedBlocks(db, new Date().toISOString(), blocksAtOnce)
    for (const { id: userId } of ended) {
      const call = startCall()
      await db.transaction().execute(async (tx) => {
        const row = await accounts.liftEndedBlock(tx, userId, new Date().toISOString())
        if (!row) return
        const { username, role } = row
        await outbox.add(tx, 'accountUnblocked', { userId }, call)
        await outbox.add(tx, 'accountChanged', { userId, username, role, blocked: false }, call)
        await audit.succeeded(tx, call, 'account.unblocked', {
          subjectId: userId,
          detail: { reason: 'ran_out' },
        })
      })
    }
  }

  async function forget(): Promise<void> {
    await forgetExpired(db, new Date().toISOString())
    // A link is told to have expired for a while; after that it is unknown.
    await forgetOneTimeTokens(db, new Date(Date.now() - monthMs).toISOString())
  }

  return [
    repeat({ name: 'accounts.blocks', everyMs: minuteMs, log, run: liftEndedBlocks }),
    repeat({ name: 'accounts.forget', everyMs: 10 * minuteMs, log, run: forget }),
  ]
}
