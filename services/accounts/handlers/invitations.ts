import { randomBytes, randomUUIDv7 } from 'node:crypto'
import { accounts, type Invitation } from '../../../contracts/accounts.ts'
import { isTuple, readCursor, toPage } from '../../../kit/page.ts'
import { failuresOf, type Handlers } from '../../../kit/service.ts'
import type { Deps } from '../deps.ts'
import { hashToken } from '../sign-up.ts'
import * as store from '../store/site.ts'
import type { InvitationRow } from '../tables.ts'

type InvitationHandlers = Pick<
  Handlers<typeof accounts>,
  'createInvitation' | 'listInvitations' | 'deleteInvitation'
>

const fail = failuresOf(accounts)
const isPosition = isTuple(['string', 'string'])
const dayMs = 24 * 3_600_000

export function createInvitationHandlers({ db, audit }: Deps): InvitationHandlers {
  return {
    async createInvitation({ uses, days, note }, call) {
      const code = randomBytes(16).toString('base64url')
      const now = Date.now()
      const row: InvitationRow = {
        id: randomUUIDv7(),
        codeHash: hashToken(code),
        note: note ?? null,
        uses,
        usesLeft: uses,
        createdBy: call.actor.id,
        createdAt: new Date(now).toISOString(),
        expiresAt: new Date(now + days * dayMs).toISOString(),
      }
      await db.transaction().execute(async (tx) => {
        await store.insertInvitation(tx, row)
        await audit.succeeded(tx, call, 'invitation.created', {
          subjectId: row.id,
          detail: { uses, expiresAt: row.expiresAt },
        })
      })
      return { ...toInvitation(row), code }
    },

    async listInvitations({ limit, cursor, count }) {
      const page = { limit, cursor: readCursor(cursor, isPosition) }
      const rows = await store.listInvitations(db, page)
      return {
        ...toPage(
          rows,
          page,
          ({ createdAt, id }): store.InvitationPosition => [createdAt, id],
          toInvitation,
        ),
        ...(count && { count: await store.countInvitations(db) }),
      }
    },

    async deleteInvitation({ invitationId }, call) {
      await db.transaction().execute(async (tx) => {
        if (!(await store.deleteInvitation(tx, invitationId))) throw fail('invitation_not_found')
        await audit.succeeded(tx, call, 'invitation.deleted', { subjectId: invitationId })
      })
      return {}
    },
  }
}

function toInvitation({ codeHash: _, ...invitation }: InvitationRow): Invitation {
  return invitation
}
