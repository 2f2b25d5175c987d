import { type ChatTx, fail } from '../deps.ts'
import { pairOf } from '../rules.ts'
import { listBlockedPairs } from '../store/participants.ts'
import type { Behalf, Views } from '../views.ts'

/** What is asked of people before they are brought into a conversation. */
export function createPeopleCheck({ findPeople }: Pick<Views, 'findPeople'>) {
  return {
    /** Refuses ids that nobody has, and names them. */
    async demandPeople(ids: readonly string[], field: string, call: Behalf): Promise<void> {
      const people = await findPeople(ids, call)
      const unknown = ids.filter((id) => !people.has(id))
      if (unknown.length === 0) return
      const errors = unknown.map((id) => ({ field, message: `There is nobody with the id ${id}.` }))
      throw fail('user_not_found', undefined, { errors })
    },

    /** Refuses to bring somebody together with whom one of the two has blocked. */
    async demandNoBlocks(tx: ChatTx, userId: string, others: readonly string[]): Promise<void> {
      const pairs = others.map((other) => pairOf(userId, other))
      if ((await listBlockedPairs(tx, pairs)).size > 0) throw fail('blocked')
    },
  }
}
