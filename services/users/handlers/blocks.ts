import { type BlockedPerson, users } from '../../../contracts/users.ts'
import { isTuple, readCursor, toPage } from '../../../kit/page.ts'
import { failuresOf, type Handlers } from '../../../kit/service.ts'
import type { Deps } from '../deps.ts'
import { auditEntry, type PersonRow, toPersonSummary } from '../rules.ts'
import * as store from '../store/blocks.ts'

type Handled = Pick<
  Handlers<typeof users>,
  'blockPerson' | 'unblockPerson' | 'listBlockedPeople' | 'listBlocksBetween'
>

const fail = failuresOf(users)

export function createBlockHandlers({ db, outbox, profiles }: Deps): Handled {
  return {
    async blockPerson({ userId: blockedId }, call) {
      const userId = call.actor.id
      if (blockedId === userId) throw fail('cannot_block_self')
      const person = await profiles.get(blockedId, call)

      const createdAt = new Date().toISOString()
      const earlier = await db.transaction().execute(async (tx) => {
        const added = await store.insertBlock(tx, { userId, blockedId, createdAt })
        if (!added) return store.findBlock(tx, userId, blockedId)
        const entry = auditEntry(call, createdAt, 'person.blocked', blockedId)
        await outbox.add(tx, 'personBlocked', { userId, blockedId }, call)
        await outbox.add(tx, 'audited', entry, call)
        return undefined
      })
      return toBlockedPerson({ ...person, createdAt: earlier?.createdAt ?? createdAt })
    },

    async unblockPerson({ userId: blockedId }, call) {
      const userId = call.actor.id
      await db.transaction().execute(async (tx) => {
        if (!(await store.deleteBlock(tx, userId, blockedId))) return
        const entry = auditEntry(call, new Date().toISOString(), 'person.unblocked', blockedId)
        await outbox.add(tx, 'personUnblocked', { userId, blockedId }, call)
        await outbox.add(tx, 'audited', entry, call)
      })
      return {}
    },

    async listBlockedPeople({ limit, cursor, count }, { actor }) {
      const request = { limit, cursor: readCursor(cursor, isTuple(['string', 'string'])) }
      const rows = await store.listBlocked(db, actor.id, request)
      return {
        ...toPage(
          rows,
          request,
          ({ createdAt, id }): store.BlockPosition => [createdAt, id],
          toBlockedPerson,
        ),
        ...(count && { count: await store.countBlocked(db, actor.id) }),
      }
    },

    async listBlocksBetween({ userId, others }) {
      return { blocked: await store.listBlocksBetween(db, userId, others) }
    },
  }
}

function toBlockedPerson(row: PersonRow & { createdAt: string }): BlockedPerson {
  return { person: toPersonSummary(row), blockedAt: row.createdAt }
}
