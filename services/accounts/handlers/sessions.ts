import { accounts, type Session } from '../../../contracts/accounts.ts'
import { isTuple, readCursor, toPage } from '../../../kit/page.ts'
import { failuresOf, type Handlers } from '../../../kit/service.ts'
import type { Deps } from '../deps.ts'
import { describeDevice } from '../device.ts'
import { nextStep, type ReplacedToken, readRefreshToken } from '../refresh-tokens.ts'
import { findAccount, listVoidTokens, lockAccount } from '../store/accounts.ts'
import * as store from '../store/sessions.ts'
import type { SessionRow } from '../tables.ts'

type SessionHandlers = Pick<
  Handlers<typeof accounts>,
  | 'refresh'
  | 'logout'
  | 'listSessions'
  | 'endSession'
  | 'endOtherSessions'
  | 'verifyToken'
  | 'getSigningKeys'
  | 'listRevocations'
>

const fail = failuresOf(accounts)
const isPosition = isTuple(['string', 'string'])

export function createSessionHandlers(deps: Deps): SessionHandlers {
  const { db, config, audit, accessTokens, sessions } = deps
  const graceMs = config.REFRESH_GRACE_SECONDS * 1000

  return {
    async refresh({ refreshToken, attemptId }, call) {
      let shown = readRefreshToken(refreshToken)
      for (;;) {
        const session = shown && (await store.findSessionByFamily(db, shown.family))
        if (!shown || !session) throw fail('refresh_token_invalid')
        const now = Date.now()
        if (Date.parse(session.expiresAt) <= now) throw fail('session_expired')
        const account = await findAccount(db, session.userId)
        if (!account) throw fail('refresh_token_invalid')

        const step = nextStep(shown, toTokenState(session), now, { graceMs, attemptId })
        if (step.kind === 'reused') {
          await audit.failed(call, 'session.refreshed', {
            subjectId: account.id,
            detail: { sessionId: session.id, reason: 'refresh_token_reused' },
          })
          await db
            .transaction()
            .execute((tx) => sessions.end(tx, session, call, 'refresh_token_reused'))
          throw fail('refresh_token_reused', 'This session was ended for your safety.')
        }
        const next = step.kind === 'keep' ? undefined : step.token
        if (await applyStep(session, step, now, call.client)) {
          return sessions.toSignedIn({ account, sessionId: session.id, refreshToken: next })
        }
        // Another tab was faster: what it left behind is looked at anew. A token that was good when
        // it came stays so, and goes on as the one that it led to by then.
        if (step.kind === 'share') shown = readRefreshToken(step.token)
      }
    },

    async logout({ refreshToken }, call) {
      const family = readRefreshToken(refreshToken)?.family
      const ending = [
        ...(call.actor ? [await store.findSession(db, call.actor.sessionId)] : []),
        ...(family ? [await store.findSessionByFamily(db, family)] : []),
      ].filter((session) => session !== undefined)
      if (ending.length === 0) return {}
      await db.transaction().execute(async (tx) => {
        for (const session of ending) await sessions.end(tx, session, call, 'logout')
      })
      return {}
    },

    async listSessions({ limit, cursor, count }, call) {
      const of = { userId: call.actor.id, now: new Date().toISOString() }
      const page = { limit, cursor: readCursor(cursor, isPosition) }
      const rows = await store.listSessions(db, of, page)
      return {
        ...toPage(
          rows,
          page,
          ({ createdAt, id }): store.SessionPosition => [createdAt, id],
          (row) => toSession(row, call.actor.sessionId),
        ),
        ...(count && { count: await store.countSessions(db, of) }),
      }
    },

    async endSession({ sessionId }, call) {
      await db.transaction().execute(async (tx) => {
        const session = await store.findSession(tx, sessionId)
        if (session?.userId !== call.actor.id) throw fail('session_not_found')
        await sessions.end(tx, session, call, 'ended_by_owner')
      })
      return {}
    },

    async endOtherSessions(_, call) {
      const ended = await db.transaction().execute(async (tx) => {
        await lockAccount(tx, call.actor.id)
        const all = await store.listSessionIds(tx, call.actor.id)
        const others = all.filter(({ id }) => id !== call.actor.sessionId)
        for (const session of others) await sessions.end(tx, session, call, 'ended_by_owner')
        return others.length
      })
      return { ended }
    },

    async verifyToken({ token }) {
      const claims = accessTokens.read(token)
      const session = claims && (await store.findSession(db, claims.sid))
      const account = session && (await findAccount(db, session.userId))
      if (!account) return { valid: false, claims: null }
      const issuedAt = new Date(claims.iat * 1000).toISOString()
      const valid = account.tokensValidFrom === null || issuedAt >= account.tokensValidFrom
      return { valid, claims: valid ? claims : null }
    },

    getSigningKeys: async () => ({ issuer: accessTokens.issuer, keys: accessTokens.keys }),

    async listRevocations() {
      const now = Date.now()
      const since = new Date(now - accessTokens.lifeMs).toISOString()
      const [ended, changed] = await Promise.all([
        store.listRevocations(db, new Date(now).toISOString()),
        listVoidTokens(db, since),
      ])
      return {
        sessions: ended,
        users: changed.flatMap(({ id, tokensValidFrom }) =>
          tokensValidFrom
            ? [{ userId: id, issuedBefore: tokensValidFrom, until: untilVoid(tokensValidFrom) }]
            : [],
        ),
      }
    },
  }

  async function applyStep(
    { id, tokenHash, sharedUntil }: SessionRow,
    step: Exclude<ReturnType<typeof nextStep>, { kind: 'reused' }>,
    now: number,
    { ip, userAgent }: { ip: string; userAgent: string },
  ): Promise<boolean> {
    switch (step.kind) {
      case 'keep':
        return true
      case 'share':
        return store.shareToken(db, {
          id,
          tokenHash,
          sharedUntil: new Date(step.sharedUntil).toISOString(),
        })
      case 'replace':
        return store.replaceToken(db, {
          id,
          formerHash: tokenHash,
          formerSharedUntil: sharedUntil,
          tokenHash: step.tokenHash,
          previous: JSON.stringify(step.previous),
          lastActiveAt: new Date(now).toISOString(),
          expiresAt: sessions.expiryFrom(now),
          ip: ip.slice(0, 64),
          userAgent: userAgent.slice(0, 512),
        })
    }
  }

  /** When the last access token has expired that was issued before. */
  function untilVoid(tokensValidFrom: string): string {
    return new Date(Date.parse(tokensValidFrom) + accessTokens.lifeMs).toISOString()
  }
}

function toTokenState({ tokenHash, previous, sharedUntil }: SessionRow) {
  return {
    tokenHash,
    previous: previous === null ? undefined : (JSON.parse(previous) as ReplacedToken),
    sharedUntil: Date.parse(sharedUntil),
  }
}

function toSession(row: SessionRow, currentId: string): Session {
  const { id, userAgent, ip, createdAt, lastActiveAt } = row
  const device = describeDevice(userAgent)
  return { id, device, ip, createdAt, lastActiveAt, current: id === currentId }
}
