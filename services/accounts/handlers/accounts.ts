import { accounts } from '../../../contracts/accounts.ts'
import { kitFailure } from '../../../kit/failure.ts'
import { isTuple, readCursor, toPage } from '../../../kit/page.ts'
import { failuresOf, type Handlers } from '../../../kit/service.ts'
import type { Deps } from '../deps.ts'
import {
  isBlocked,
  mayBlock,
  toAccount,
  toAccountInShort,
  toTokensValidFrom,
  toUsernameKey,
} from '../rules.ts'
import * as store from '../store/accounts.ts'
import { lockAdmins } from '../store/site.ts'
import type { AccountRow, AccountsTransaction } from '../tables.ts'

type AccountHandlers = Pick<
  Handlers<typeof accounts>,
  | 'listAccounts'
  | 'blockAccount'
  | 'unblockAccount'
  | 'changeRole'
  | 'getAccount'
  | 'getAccounts'
  | 'renameAccount'
>

const fail = failuresOf(accounts)
const isPosition = isTuple(['string', 'string'])

export function createAccountHandlers({ db, outbox, audit, sessions }: Deps): AccountHandlers {
  async function getRow(tx: AccountsTransaction, userId: string): Promise<AccountRow> {
    const row = await store.lockAccount(tx, userId)
    if (!row) throw fail('account_not_found')
    return row
  }

  /** Somebody must remain who can give roles, and lift blocks. */
  async function demandOtherAdmin(tx: AccountsTransaction, row: AccountRow): Promise<void> {
    if (row.role !== 'admin') return
    const others = await store.countOtherAdmins(tx, row.id, new Date().toISOString())
    if (others === 0) throw fail('last_admin', 'There must be another admin first.')
  }

  async function announceChange(
    tx: AccountsTransaction,
    row: AccountRow,
    call: Parameters<typeof outbox.add>[3],
  ): Promise<void> {
    const { id: userId, username, role } = row
    const blocked = isBlocked(row, new Date().toISOString())
    await outbox.add(tx, 'accountChanged', { userId, username, role, blocked }, call)
  }

  return {
    async listAccounts({ limit, cursor, count, search, role, blocked }) {
      const now = new Date().toISOString()
      const filter = { search, role, blocked, now }
      const page = { limit, cursor: readCursor(cursor, isPosition) }
      const rows = await store.listAccounts(db, filter, page)
      return {
        ...toPage(
          rows,
          page,
          ({ registeredAt, id }): store.AccountPosition => [registeredAt, id],
          (row) => toAccount(row, now),
        ),
        ...(count && { count: await store.countAccounts(db, filter) }),
      }
    },

    blockAccount: ({ userId, reason, until }, call) =>
      audit.attempt(call, 'account.blocked', userId, async () => {
        const now = new Date().toISOString()
        const blockedUntil = until === undefined ? null : new Date(until).toISOString()
        if (blockedUntil !== null && blockedUntil <= now) {
          throw kitFailure('invalid_input', 'until: Not in the past', {
            errors: [{ field: 'until', message: 'Not in the past' }],
          })
        }
        return db.transaction().execute(async (tx) => {
          await lockAdmins(tx)
          const row = await getRow(tx, userId)
          if (!mayBlock(call.actor.role, row.role)) throw kitFailure('forbidden')
          await demandOtherAdmin(tx, row)
          const block = { blockedAt: now, blockReason: reason, blockedUntil }
          const blocked = await store.updateAccount(tx, userId, block)
          await sessions.endAll(tx, userId, call, 'account_blocked')
          await outbox.add(tx, 'accountBlocked', { userId, reason, until: blockedUntil }, call)
          await announceChange(tx, blocked, call)
          await audit.succeeded(tx, call, 'account.blocked', {
            subjectId: userId,
            detail: { reason, until: blockedUntil },
          })
          return toAccount(blocked, now)
        })
      }),

    unblockAccount: ({ userId }, call) =>
      audit.attempt(call, 'account.unblocked', userId, async () =>
        db.transaction().execute(async (tx) => {
          const row = await getRow(tx, userId)
          if (!mayBlock(call.actor.role, row.role)) throw kitFailure('forbidden')
          const now = new Date().toISOString()
          if (row.blockedAt === null) return toAccount(row, now)
          const block = { blockedAt: null, blockReason: null, blockedUntil: null }
          const free = await store.updateAccount(tx, userId, block)
          await outbox.add(tx, 'accountUnblocked', { userId }, call)
          await announceChange(tx, free, call)
          await audit.succeeded(tx, call, 'account.unblocked', { subjectId: userId })
          return toAccount(free, now)
        }),
      ),

    changeRole: ({ userId, role }, call) =>
      audit.attempt(call, 'account.role_changed', userId, async () =>
        db.transaction().execute(async (tx) => {
          await lockAdmins(tx)
          const row = await getRow(tx, userId)
          const now = Date.now()
          const at = new Date(now).toISOString()
          if (row.role === role) return toAccount(row, at)
          await demandOtherAdmin(tx, row)
          const tokensValidFrom = toTokensValidFrom(now)
          const changed = await store.updateAccount(tx, userId, { role, tokensValidFrom })
          await announceChange(tx, changed, call)
          await audit.succeeded(tx, call, 'account.role_changed', {
            subjectId: userId,
            detail: { from: row.role, to: role },
          })
          return toAccount(changed, at)
        }),
      ),

    async getAccount({ userId }) {
      const row = await store.findAccount(db, userId)
      if (!row) throw fail('account_not_found')
      return toAccountInShort(row, new Date().toISOString())
    },

    async getAccounts({ userIds }) {
      const now = new Date().toISOString()
      const rows = await store.findAccounts(db, userIds)
      return { accounts: rows.map((row) => toAccountInShort(row, now)) }
    },

    renameAccount: ({ userId, username }, call) =>
      audit.attempt(call, 'account.renamed', userId, async () =>
        db.transaction().execute(async (tx) => {
          const row = await getRow(tx, userId)
          if (row.username === username) return {}
          const name = { username, usernameKey: toUsernameKey(username) }
          const renamed = await store.renameAccount(tx, userId, name)
          if (!renamed) throw fail('username_taken', 'Somebody else has this username.')
          await announceChange(tx, renamed, call)
          await audit.succeeded(tx, call, 'account.renamed', {
            subjectId: userId,
            detail: { from: row.username, to: username },
          })
          return {}
        }),
      ),
  }
}
