import type { Kysely, Transaction } from 'kysely'

export type Role = 'user' | 'moderator' | 'admin'

export type AccountRow = {
  id: string
  /** As typed. */
  username: string
  /** In lower case: what makes it unique. */
  usernameKey: string
  /** In lower case. */
  email: string
  passwordHash: string
  role: Role
  confirmedAt: string | null
  blockedAt: string | null
  blockReason: string | null
  blockedUntil: string | null
  termsAcceptedAt: string
  termsVersion: string
  /** Access tokens issued before are void; `null` when none ever was made void. */
  tokensValidFrom: string | null
  lastLoginAt: string | null
  registeredAt: string
}

export type SessionRow = {
  id: string
  userId: string
  /** Leads from a refresh token to its session; known only to who has or had one of them. */
  family: string
  /** Hash of the refresh token that counts now. */
  tokenHash: string
  /** The token before it: JSON of `ReplacedToken`. */
  previous: string | null
  /** Until then the token is not replaced, because several tabs were just given it. */
  sharedUntil: string
  ip: string
  userAgent: string
  createdAt: string
  lastActiveAt: string
  expiresAt: string
}

export type RevocationRow = { sessionId: string; until: string }

export type OneTimeTokenRow = {
  tokenHash: string
  kind: 'email_confirmation'
  userId: string
  expiresAt: string
  usedAt: string | null
}

export type InvitationRow = {
  id: string
  codeHash: string
  note: string | null
  uses: number
  usesLeft: number
  createdBy: string
  createdAt: string
  expiresAt: string
}

/** One row: there from the moment set-up is done. */
export type SiteRow = {
  id: 'site'
  siteName: string
  registration: 'open' | 'invitation' | 'closed'
  changedAt: string
}

export type AccountsTables = {
  account: AccountRow
  session: SessionRow
  revocation: RevocationRow
  oneTimeToken: OneTimeTokenRow
  invitation: InvitationRow
  site: SiteRow
}

export type AccountsDb = Kysely<AccountsTables>
export type AccountsTransaction = Transaction<AccountsTables>
