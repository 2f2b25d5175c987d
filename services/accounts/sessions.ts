import type { SignedIn } from '../../contracts/accounts.ts'
import type { CallContext } from '../../kit/context.ts'
import type { AccessTokens } from './access-tokens.ts'
import type { Audit } from './audit.ts'
import type { Given } from './given.ts'
import { createRefreshToken } from './refresh-tokens.ts'
import { toOwnAccount } from './rules.ts'
import * as store from './store/sessions.ts'
import type { AccountRow, AccountsTransaction } from './tables.ts'

/** Begins and ends sessions, in the transaction of whatever is the reason. */
export type Sessions = ReturnType<typeof createSessions>

export type StartedSession = { account: AccountRow; sessionId: string; refreshToken: string }

type CallFields = Pick<CallContext, 'actor' | 'client' | 'requestId' | 'traceparent'>

const dayMs = 24 * 3_600_000

export function createSessions({
  outbox,
  config,
  audit,
  accessTokens,
}: Pick<Given, 'outbox' | 'config'> & { audit: Audit; accessTokens: AccessTokens }) {
  const sessions = {
    /** When a session ends that is not used from now on. */
    expiryFrom: (now: number) => new Date(now + config.REFRESH_TOKEN_DAYS * dayMs).toISOString(),

    async start(
      tx: AccountsTransaction,
      account: AccountRow,
      call: CallFields,
    ): Promise<StartedSession> {
      const { token, family, tokenHash } = createRefreshToken()
      const now = new Date().toISOString()
      const sessionId = crypto.randomUUID()
      const userId = account.id
      const earlier = await store.listSessionIds(tx, userId)
      await store.insertSession(tx, {
        id: sessionId,
        userId,
        family,
        tokenHash,
        previous: null,
        sharedUntil: now,
        ip: call.client.ip.slice(0, 64),
        userAgent: call.client.userAgent.slice(0, 512),
        createdAt: now,
        lastActiveAt: now,
        expiresAt: sessions.expiryFrom(Date.parse(now)),
      })
      for (const surplus of earlier.slice(config.MAX_SESSIONS - 1)) {
        await sessions.end(tx, surplus, call, 'too_many')
      }
      await outbox.add(tx, 'sessionStarted', { sessionId, userId }, call)
      await audit.succeeded(tx, call, 'session.started', {
        subjectId: userId,
        actorId: userId,
        detail: { sessionId },
      })
      return { account, sessionId, refreshToken: token }
    },

    /** Says whether it was there to be ended. */
    async end(
      tx: AccountsTransaction,
      { id, userId }: { id: string; userId: string },
      call: CallFields,
      reason: string,
    ): Promise<boolean> {
      if (!(await store.deleteSession(tx, id))) return false
      const until = new Date(Date.now() + accessTokens.lifeMs).toISOString()
      await store.insertRevocation(tx, { sessionId: id, until })
      await outbox.add(tx, 'sessionEnded', { sessionId: id, userId }, call)
      await audit.succeeded(tx, call, 'session.ended', {
        subjectId: userId,
        detail: { sessionId: id, reason },
      })
      return true
    },

    async endAll(
      tx: AccountsTransaction,
      userId: string,
      call: CallFields,
      reason: string,
    ): Promise<void> {
      for (const session of await store.listSessionIds(tx, userId)) {
        await sessions.end(tx, session, call, reason)
      }
    },

    /** What a client is told; without a refresh token it goes on with the one that it has. */
    toSignedIn({
      account,
      sessionId,
      refreshToken,
    }: Omit<StartedSession, 'refreshToken'> & { refreshToken: string | undefined }): SignedIn {
      const now = Math.floor(Date.now() / 1000)
      const validFrom = account.tokensValidFrom ? Date.parse(account.tokensValidFrom) / 1000 : 0
      return {
        accessToken: accessTokens.sign({
          sub: account.id,
          sid: sessionId,
          role: account.role,
          confirmed: account.confirmedAt !== null || !config.REQUIRE_EMAIL_CONFIRMATION,
          iat: Math.max(now, validFrom),
        }),
        expiresIn: accessTokens.lifeMs / 1000,
        ...(refreshToken !== undefined && { refreshToken }),
        user: toOwnAccount(account),
      }
    },
  }
  return sessions
}
