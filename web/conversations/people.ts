import { Failure, type StoaClient } from '../../client/index.ts'
import { createKeyed } from './keyed.ts'
import type { PersonSummary } from './shapes.ts'

export type People = ReturnType<typeof createPeople>

/** Somebody of whom nothing is known: gone, or hidden from this person. */
export type Known = PersonSummary | 'unknown'

/** Who the people in conversations are: learned from lists, and else asked for once. */
export function createPeople(client: StoaClient) {
  const known = createKeyed<Known>()
  const asked = new Set<string>()

  async function ask(userId: string): Promise<void> {
    if (asked.has(userId)) return
    asked.add(userId)
    try {
      const { id, username, displayName, avatar } = await client.api.users.getUser({ userId })
      known.set(id, { id, username, displayName, avatar, blocked: false })
    } catch (error) {
      if (error instanceof Failure && error.status === 404) known.set(userId, 'unknown')
      else asked.delete(userId)
    }
  }

  return {
    get: known.get,
    subscribe: known.subscribe,
    ask,
    learn(people: readonly (PersonSummary | null | undefined)[]): void {
      for (const person of people) {
        if (!person) continue
        const before = known.get(person.id)
        const same =
          typeof before === 'object' &&
          before.displayName === person.displayName &&
          before.avatar === person.avatar &&
          before.username === person.username &&
          before.blocked === person.blocked
        if (!same) known.set(person.id, person)
      }
    },
  }
}
