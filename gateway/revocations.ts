import { longestAccessTokenLifeMs } from '../contracts/accounts.ts'
import type { Role } from '../kit/contract.ts'
import type { Session } from './tokens.ts'

/** Whose sessions may have ended: the one that is named, or any of the user's. */
export type Revocation = { userId: string; sessionId?: string }

type Until = { until: number }

/**
 * The short list of what is revoked and still unexpired. Every gateway keeps all of it in memory,
 * because each request asks.
 */
export function createRevocations() {
  const sessions = new Map<string, Until>()
  const users = new Map<string, Until & { issuedBefore: number }>()
  const roles = new Map<string, Until & { role: Role }>()

  return {
    endSession(sessionId: string, until = Date.now() + longestAccessTokenLifeMs): void {
      sessions.set(sessionId, { until })
    },

    endUser(
      userId: string,
      issuedBefore: number,
      until = Date.now() + longestAccessTokenLifeMs,
    ): void {
      const known = users.get(userId)
      if (known && known.issuedBefore > issuedBefore) return
      users.set(userId, { issuedBefore, until })
    },

    /** Tokens that tell another role are out of date. */
    changeRole(userId: string, role: Role): void {
      roles.set(userId, { role, until: Date.now() + longestAccessTokenLifeMs })
    },

    isRevoked({ id, sessionId, role, issuedAt }: Session): boolean {
      if (sessions.has(sessionId)) return true
      const user = users.get(id)
      if (user && issuedAt < user.issuedBefore) return true
      const current = roles.get(id)
      return current !== undefined && current.role !== role
    },

    /** Forgets what no unexpired token can need. */
    prune(now = Date.now()): void {
      for (const list of [sessions, users, roles]) {
        for (const [key, { until }] of list) if (until < now) list.delete(key)
      }
    },
  }
}
