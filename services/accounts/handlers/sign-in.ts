import { accounts } from '../../../contracts/accounts.ts'
import { type Failure, kitFailure } from '../../../kit/failure.ts'
import { failuresOf, type Handlers } from '../../../kit/service.ts'
import type { Deps } from '../deps.ts'
import { isBlocked, isEmail, toEmail, toOwnAccount, toUsernameKey } from '../rules.ts'
import { hashToken } from '../sign-up.ts'
import * as store from '../store/accounts.ts'
import { findSite, isInvitationGood, takeInvitation } from '../store/site.ts'
import type { AccountRow } from '../tables.ts'

type SignInHandlers = Pick<
  Handlers<typeof accounts>,
  'register' | 'login' | 'getOwnAccount' | 'estimatePassword'
>

const fail = failuresOf(accounts)

export function createSignInHandlers(deps: Deps): SignInHandlers {
  const { db, audit, passwords, passwordRules, sessions, signUp } = deps

  /** The hash of the invitation that this sign-up uses, when it needs one. */
  async function demandAdmission(code: string | undefined): Promise<string | undefined> {
    const site = await findSite(db)
    if (!site) throw fail('setup_needed', 'The site has not been set up yet.')
    if (site.registration === 'closed')
      throw fail('registration_closed', 'Nobody can sign up at present.')
    if (site.registration === 'open') return undefined
    const codeHash = hashToken(code ?? '')
    if (!(await isInvitationGood(db, codeHash, new Date().toISOString()))) {
      throw fail('invitation_invalid', 'This invitation is unknown, used up or out of date.')
    }
    return codeHash
  }

  return {
    register: (input, call) =>
      audit.attempt(call, 'account.registered', null, async () => {
        const { password, passwordRepeat, termsAccepted, invitationCode, ...rest } = input
        const { username, email, displayName, locale, ...profile } = rest
        const newcomer = { username, email, displayName, locale, profile }
        const invitation = await demandAdmission(invitationCode)
        if (!termsAccepted) throw fail('terms_not_accepted', 'Accept the terms first.')
        const errors = await signUp.findPasswordErrors(password, newcomer)
        if (passwordRepeat !== undefined && passwordRepeat !== password) {
          errors.push({ field: 'passwordRepeat', message: 'The same as the password' })
        }
        if (errors.length > 0) throw kitFailure('invalid_input', undefined, { errors })

        // Before it is known whether the address is free, so that both take as long.
        const passwordHash = await passwords.hash(password, call.deadline)
        const started = await db.transaction().execute(async (tx) => {
          if (invitation && !(await takeInvitation(tx, invitation, new Date().toISOString()))) {
            throw fail('invitation_invalid')
          }
          const role = 'user'
          const account = await signUp.createAccount(tx, newcomer, { passwordHash, role }, call)
          if (account === 'username_taken')
            throw fail('username_taken', 'Somebody else has this username.')
          if (account === 'email_taken')
            throw fail('account_exists', 'There is an account with this e-mail address.')
          await audit.succeeded(tx, call, 'account.registered', {
            subjectId: account.id,
            actorId: account.id,
          })
          await signUp.requestConfirmation(tx, account, call)
          return sessions.start(tx, account, call)
        })
        return sessions.toSignedIn(started)
      }),

    async login({ identifier, password }, call) {
      const account = isEmail(identifier)
        ? await store.findAccountByEmail(db, toEmail(identifier))
        : await store.findAccountByUsernameKey(db, toUsernameKey(identifier))
      const right = await passwords.verify(account?.passwordHash, password, call.deadline)

      return audit.attempt(call, 'session.started', account?.id ?? null, async () => {
        if (!account || !right)
          throw fail('wrong_credentials', 'The name or the password is wrong.')
        if (isBlocked(account, new Date().toISOString())) throw accountBlocked(account)

        const renewed = passwords.isOutdated(account.passwordHash)
          ? await passwords.hash(password, call.deadline)
          : undefined
        const started = await db.transaction().execute(async (tx) => {
          const current = await store.noteLogin(tx, account.id, new Date().toISOString())
          if (!current) return undefined
          if (renewed) {
            await store.updatePasswordHash(tx, account.id, account.passwordHash, renewed)
          }
          return sessions.start(tx, current, call)
        })
        if (started) return sessions.toSignedIn(started)
        // Blocked since it was read above.
        throw accountBlocked((await store.findAccount(db, account.id)) ?? account)
      })
    },

    async getOwnAccount(_, call) {
      const account = await store.findAccount(db, call.actor.id)
      if (!account) throw kitFailure('unauthenticated', 'This account is gone.')
      return toOwnAccount(account)
    },

    estimatePassword: ({ password, username, email, displayName }) =>
      passwordRules.estimate(password, { username, email, names: [displayName] }),
  }
}

/** Tells the blocked person why and until when, in words and for programs. */
function accountBlocked({ blockReason, blockedUntil }: AccountRow): Failure {
  const reason = blockReason ?? ''
  const period = blockedUntil ? ` until ${blockedUntil}` : ''
  return fail('account_blocked', `This account is blocked${period}: ${reason}`, {
    errors: [
      { field: 'reason', message: reason },
      ...(blockedUntil ? [{ field: 'until', message: blockedUntil }] : []),
    ],
  })
}
