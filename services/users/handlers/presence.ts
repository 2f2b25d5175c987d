import type { PresenceState, users } from '../../../contracts/users.ts'
import type { Handlers } from '../../../kit/service.ts'
import type { Deps } from '../deps.ts'
import { absentPresence, presenceOf } from '../rules.ts'
import { listBlocksBetween } from '../store/blocks.ts'
import { listPresence } from '../store/presence.ts'

type Handled = Pick<
  Handlers<typeof users>,
  | 'updateStatus'
  | 'getPresence'
  | 'watchPresence'
  | 'unwatchPresence'
  | 'openConnection'
  | 'closeConnection'
  | 'keepConnections'
>

export function createPresenceHandlers({ db, outbox, presence }: Deps): Handled {
  async function look(viewerId: string, userIds: readonly string[]) {
    const [rows, blocked] = await Promise.all([
      listPresence(db, userIds),
      listBlocksBetween(db, viewerId, userIds),
    ])
    const hidden = new Set(blocked)
    const items = rows.map(
      (row): PresenceState =>
        hidden.has(row.userId) ? absentPresence(row.userId) : presenceOf(row),
    )
    return { items, hidden }
  }

  return {
    async updateStatus({ status }, { actor }) {
      await presence.setStatus(actor.id, status)
      return { status }
    },

    async getPresence({ userIds }, { actor }) {
      const { items } = await look(actor.id, userIds)
      return { items }
    },

    async watchPresence({ userIds }, call) {
      const { id: userId } = call.actor
      const { items, hidden } = await look(userId, userIds)
      if (hidden.size > 0) {
        // The rooms are named by the request: who may not hear one is taken out of it again.
        await db.transaction().execute(async (tx) => {
          for (const hiddenId of hidden) {
            await outbox.add(tx, 'presenceHidden', { userId, hiddenId }, call)
          }
        })
      }
      return { items }
    },

    async unwatchPresence() {
      return {}
    },

    async openConnection({ userId, connectionId, gatewayId }) {
      await presence.open({ userId, id: connectionId, gatewayId })
      return {}
    },

    async closeConnection({ userId, connectionId, gatewayId }) {
      await presence.close({ userId, id: connectionId, gatewayId })
      return {}
    },

    async keepConnections({ gatewayId, connectionIds, alone }) {
      if (alone) await presence.endOthers(gatewayId)
      return { unknown: await presence.keep(gatewayId, connectionIds) }
    },
  }
}
