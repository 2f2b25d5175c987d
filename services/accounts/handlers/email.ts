import { accounts } from '../../../contracts/accounts.ts'
import { kitFailure } from '../../../kit/failure.ts'
import { failuresOf, type Handlers } from '../../../kit/service.ts'
import type { Deps } from '../deps.ts'
import { hashToken } from '../sign-up.ts'
import { lockAccount, updateAccount } from '../store/accounts.ts'
import * as store from '../store/tokens.ts'

type EmailHandlers = Pick<Handlers<typeof accounts>, 'verifyEmail' | 'resendEmail'>

const fail = failuresOf(accounts)

export function createEmailHandlers({ db, outbox, audit, signUp }: Deps): EmailHandlers {
  return {
    verifyEmail: ({ token }, call) =>
      audit.attempt(call, 'email.confirmed', null, async () => {
        const tokenHash = hashToken(token)
        return db.transaction().execute(async (tx) => {
          const now = new Date().toISOString()
          const found = await store.findOneTimeToken(tx, 'email_confirmation', tokenHash)
          if (!found) throw fail('token_invalid')
          if (found.usedAt) throw fail('already_confirmed')
          if (found.expiresAt <= now) throw fail('token_expired')
          // The account first, as who asks for another token does, so that neither waits in vain.
          await lockAccount(tx, found.userId)
          if (!(await store.takeOneTimeToken(tx, tokenHash, now))) throw fail('already_confirmed')

          const account = await updateAccount(tx, found.userId, { confirmedAt: now })
          const { id: userId, email, username } = account
          await outbox.add(tx, 'accountConfirmed', { userId, email, username }, call)
          await audit.succeeded(tx, call, 'email.confirmed', { subjectId: userId, actorId: userId })
          return { username }
        })
      }),

    async resendEmail(_, call) {
      const userId = call.actor.id
      const expiresAt = await db.transaction().execute(async (tx) => {
        const account = await lockAccount(tx, userId)
        if (!account) throw kitFailure('unauthenticated', 'This account is gone.')
        if (account.confirmedAt) throw fail('already_confirmed')
        await audit.succeeded(tx, call, 'email.confirmation_requested', { subjectId: userId })
        return signUp.requestConfirmation(tx, account, call)
      })
      return { expiresAt }
    },
  }
}
