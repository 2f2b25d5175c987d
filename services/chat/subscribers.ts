import type { chat } from '../../contracts/chat.ts'
import type { users } from '../../contracts/users.ts'
import type { Subscribers } from '../../kit/service.ts'
import { pairOf } from './rules.ts'
import type { Sending } from './sending.ts'
import { deleteBlock, insertBlock } from './store/participants.ts'
import type { ChatTables } from './tables.ts'

export function createSubscribers({
  sending,
}: {
  sending: Sending
}): Subscribers<ChatTables, { users: typeof users }, typeof chat> {
  return {
    users: {
      async personBlocked(tx, { userId, blockedId }) {
        const pair = pairOf(userId, blockedId)
        await insertBlock(tx, { blockerId: userId, blockedId, pair })
      },
      async personUnblocked(tx, { userId, blockedId }) {
        await deleteBlock(tx, { blockerId: userId, blockedId })
      },
    },
    entrances: {
      async 'raw-message'(tx, message, record) {
        await sending.send(tx, message, record)
      },
    },
  }
}
