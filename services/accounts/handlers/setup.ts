import { timingSafeEqual } from 'node:crypto'
import { accounts, type Site } from '../../../contracts/accounts.ts'
import { kitFailure } from '../../../kit/failure.ts'
import { failuresOf, type Handlers } from '../../../kit/service.ts'
import type { Deps } from '../deps.ts'
import { hashToken } from '../sign-up.ts'
import * as store from '../store/site.ts'
import type { SiteRow } from '../tables.ts'

type SetupHandlers = Pick<
  Handlers<typeof accounts>,
  'getSetup' | 'completeSetup' | 'updateSite' | 'getSite'
>

const fail = failuresOf(accounts)

export function createSetupHandlers(deps: Deps): SetupHandlers {
  const { db, outbox, config, audit, passwords, sessions, signUp } = deps

  function toSite(row: SiteRow | undefined): Site {
    const { siteName = 'Stoa', registration = 'closed' } = row ?? {}
    return { siteName, registration, requireEmailConfirmation: config.REQUIRE_EMAIL_CONFIRMATION }
  }

  return {
    async getSetup(_, call) {
      const row = await store.findSite(db)
      return { ...toSite(row), needed: !row, codeNeeded: !row && !call.client.local }
    },

    completeSetup: (input, call) =>
      audit.attempt(call, 'site.set_up', null, async () => {
        const { siteName, registration, password, setupCode, ...person } = input
        if (await store.findSite(db)) throw fail('setup_done')
        if (!call.client.local && !isSame(setupCode, config.SETUP_CODE)) {
          throw fail('setup_code_wrong')
        }
        const newcomer = { ...person, profile: {} }
        const errors = await signUp.findPasswordErrors(password, newcomer, siteName)
        if (errors.length > 0) throw kitFailure('invalid_input', undefined, { errors })

        const passwordHash = await passwords.hash(password, call.deadline)
        const started = await db.transaction().execute(async (tx) => {
          const changedAt = new Date().toISOString()
          if (!(await store.insertSite(tx, { siteName, registration, changedAt }))) {
            throw fail('setup_done')
          }
          const role = 'admin'
          const admin = await signUp.createAccount(tx, newcomer, { passwordHash, role }, call)
          if (typeof admin === 'string') throw fail('setup_done')
          const { id: userId, email, username } = admin
          await outbox.add(tx, 'accountConfirmed', { userId, email, username }, call)
          await audit.succeeded(tx, call, 'site.set_up', { subjectId: userId, actorId: userId })
          return sessions.start(tx, admin, call)
        })
        return sessions.toSignedIn(started)
      }),

    async updateSite({ siteName, registration }, call) {
      const row = await db.transaction().execute(async (tx) => {
        const changed = await store.updateSite(tx, {
          ...(siteName !== undefined && { siteName }),
          ...(registration !== undefined && { registration }),
          changedAt: new Date().toISOString(),
        })
        if (!changed) throw fail('setup_needed')
        await audit.succeeded(tx, call, 'site.changed', {
          subjectId: null,
          detail: { siteName: changed.siteName, registration: changed.registration },
        })
        return changed
      })
      return toSite(row)
    },

    getSite: async () => toSite(await store.findSite(db)),
  }
}

/** Takes the same time wherever the two begin to differ. */
function isSame(given: string | undefined, wanted: string | undefined): boolean {
  if (given === undefined || wanted === undefined) return false
  return timingSafeEqual(Buffer.from(hashToken(given)), Buffer.from(hashToken(wanted)))
}
