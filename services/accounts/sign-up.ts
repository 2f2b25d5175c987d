import { hash, randomBytes, randomUUIDv7 } from 'node:crypto'
import type * as z from 'zod'
import type { SignUpProfile } from '../../contracts/accounts.ts'
import type { CallContext } from '../../kit/context.ts'
import type { FieldError } from '../../kit/failure.ts'
import type { Given } from './given.ts'
import type { PasswordRules } from './password-rules.ts'
import { toEmail, toUsernameKey } from './rules.ts'
import { insertAccount } from './store/accounts.ts'
import { findSite } from './store/site.ts'
import { replaceOneTimeToken } from './store/tokens.ts'
import type { AccountRow, AccountsTransaction } from './tables.ts'

/** What set-up, sign-up and confirmation share. */
export type SignUp = ReturnType<typeof createSignUp>

export type Newcomer = {
  username: string
  email: string
  displayName?: string | undefined
  locale?: string | undefined
  profile: z.output<typeof SignUpProfile>
}

type CallFields = Pick<CallContext, 'actor' | 'client' | 'requestId' | 'traceparent'>

const confirmationMs = 24 * 3_600_000

export function createSignUp({
  db,
  outbox,
  config,
  passwordRules,
}: Pick<Given, 'db' | 'outbox' | 'config'> & { passwordRules: PasswordRules }) {
  return {
    async findPasswordErrors(
      password: string,
      { username, email, displayName, profile }: Newcomer,
      siteName?: string,
    ): Promise<FieldError[]> {
      const { firstName, lastName } = profile
      const names = [displayName, firstName, lastName, siteName ?? (await findSite(db))?.siteName]
      return passwordRules.findErrors(password, { username, email, names })
    },

    /** Stores and announces an account, or says what of it is taken. */
    async createAccount(
      tx: AccountsTransaction,
      { username, email: typedEmail, displayName = username, locale, profile }: Newcomer,
      { passwordHash, role }: Pick<AccountRow, 'passwordHash' | 'role'>,
      call: CallFields,
    ): Promise<AccountRow | 'username_taken' | 'email_taken'> {
      const now = new Date().toISOString()
      const email = toEmail(typedEmail)
      const account: AccountRow = {
        id: randomUUIDv7(),
        username,
        usernameKey: toUsernameKey(username),
        email,
        passwordHash,
        role,
        confirmedAt: role === 'admin' ? now : null,
        blockedAt: null,
        blockReason: null,
        blockedUntil: null,
        termsAcceptedAt: now,
        termsVersion: config.TERMS_VERSION,
        tokensValidFrom: null,
        lastLoginAt: now,
        registeredAt: now,
      }
      const outcome = await insertAccount(tx, account)
      if (outcome !== 'inserted') return outcome
      const { id: userId } = account
      await outbox.add(
        tx,
        'accountRegistered',
        { userId, username, displayName, email, role, locale, profile, registeredAt: now },
        call,
      )
      return account
    },

    /** Has a mail sent whose token confirms the address; the token of an earlier one ends. */
    async requestConfirmation(
      tx: AccountsTransaction,
      { id: userId, email, username }: Pick<AccountRow, 'id' | 'email' | 'username'>,
      call: CallFields,
    ): Promise<string> {
      const token = randomBytes(32).toString('base64url')
      const expiresAt = new Date(Date.now() + confirmationMs).toISOString()
      await replaceOneTimeToken(tx, {
        tokenHash: hashToken(token),
        kind: 'email_confirmation',
        userId,
        expiresAt,
        usedAt: null,
      })
      const request = { userId, email, username, token, expiresAt }
      await outbox.add(tx, 'emailConfirmationRequested', request, call)
      return expiresAt
    },
  }
}

/** How a secret that is random enough lies in the database. */
export function hashToken(token: string): string {
  return hash('sha256', token, 'base64url')
}
