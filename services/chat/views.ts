import type { Conversation, ConversationState } from '../../contracts/chat-shapes.ts'
import type { PersonSummary } from '../../contracts/users.ts'
import { type ChatDeps, type ChatTx, fail } from './deps.ts'
import { toConversation, toState } from './rows.ts'
import { messageIdOf, otherOf } from './rules.ts'
import { listOwnRows, type OwnRow } from './store/conversations.ts'
import { listPins } from './store/messages.ts'

/** The call on whose behalf another service is asked. */
export type Behalf = Parameters<ChatDeps['clients']['users']['getPeople']>[1]

export type Views = ReturnType<typeof createViews>

/** People that one call to users may name. */
const askedAtOnce = 1_000

/** Conversations as their members see them, with the people in them. */
export function createViews({ db, clients }: Pick<ChatDeps, 'db' | 'clients'>) {
  async function findPeople(
    ids: readonly string[],
    call: Behalf,
  ): Promise<Map<string, PersonSummary>> {
    const people = new Map<string, PersonSummary>()
    for (let start = 0; start < ids.length; start += askedAtOnce) {
      const userIds = ids.slice(start, start + askedAtOnce)
      const answer = await clients.users.getPeople({ userIds }, call)
      for (const person of answer.people) people.set(person.id, person)
    }
    return people
  }

  async function toConversations(
    rows: readonly OwnRow[],
    userId: string,
    call: Behalf,
  ): Promise<Conversation[]> {
    const others = rows.flatMap(({ pair }) => (pair === null ? [] : [otherOf(pair, userId)]))
    const [people, pins] = await Promise.all([findPeople(others, call), findPins(db, rows)])
    const now = new Date().toISOString()
    return rows.map((row) =>
      toConversation(row, { userId, now, pinned: pins.get(row.id) ?? [], people }),
    )
  }

  return {
    findPeople,
    toConversations,

    async getConversation(id: string, userId: string, call: Behalf): Promise<Conversation> {
      const [conversation] = await toConversations(
        await listOwnRows(db, userId, [id]),
        userId,
        call,
      )
      if (!conversation) throw fail('conversation_not_found')
      return conversation
    },
  }
}

/** Ids of pinned messages by conversation. */
export async function findPins(
  db: ChatDeps['db'],
  rows: readonly { id: string }[],
): Promise<Map<string, string[]>> {
  const pins = await listPins(
    db,
    rows.map(({ id }) => id),
  )
  const byConversation = Map.groupBy(pins, ({ conversationId }) => conversationId)
  return new Map([...byConversation].map(([id, some]) => [id, some.map(messageIdOf)]))
}

/** What a conversation is to a member now, inside the transaction that changes it. */
export async function getState(
  tx: ChatTx,
  conversationId: string,
  userId: string,
): Promise<ConversationState> {
  const [row] = await listOwnRows(tx, userId, [conversationId])
  if (!row) throw fail('conversation_not_found')
  return toState(row, new Date().toISOString())
}
