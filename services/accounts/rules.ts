import type { Account, OwnAccount } from '../../contracts/accounts.ts'
import type { AccountRow, Role } from './tables.ts'

/** What makes an e-mail address unique, and how it is kept. */
export function toEmail(typed: string): string {
  return typed.toLowerCase()
}

/** What makes a username unique. */
export function toUsernameKey(typed: string): string {
  return typed.toLowerCase()
}

/** No username has an `@`, and every e-mail address has one. */
export function isEmail(identifier: string): boolean {
  return identifier.includes('@')
}

export function isBlocked(
  { blockedAt, blockedUntil }: Pick<AccountRow, 'blockedAt' | 'blockedUntil'>,
  now: string,
): boolean {
  return blockedAt !== null && (blockedUntil === null || blockedUntil > now)
}

/** Moderators watch over users, admins over everybody. */
export function mayBlock(actor: Role, subject: Role): boolean {
  return actor === 'admin' || subject === 'user'
}

/**
 * The moment from which access tokens count after those of before were made void. They carry whole
 * seconds, so it is the next one: of two tokens of one second, the older could not be told.
 */
export function toTokensValidFrom(now: number): string {
  return new Date(Math.floor(now / 1000) * 1000 + 1000).toISOString()
}

export function toOwnAccount(row: AccountRow): OwnAccount {
  const { id, username, email, role, confirmedAt, registeredAt } = row
  return { id, username, email, role, confirmed: confirmedAt !== null, registeredAt }
}

/** What other services are told. */
export function toAccountInShort(row: AccountRow, now: string) {
  const { id: userId, username, email, role, confirmedAt, registeredAt } = row
  const confirmed = confirmedAt !== null
  return { userId, username, email, role, confirmed, blocked: isBlocked(row, now), registeredAt }
}

export function toAccount(row: AccountRow, now: string): Account {
  const { blockedAt, blockReason, blockedUntil, lastLoginAt } = row
  const block =
    blockedAt !== null && isBlocked(row, now)
      ? { reason: blockReason ?? '', since: blockedAt, until: blockedUntil }
      : null
  return { ...toOwnAccount(row), lastLoginAt, block }
}
