import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import type { Conversation, Message, OwnState, Participant } from './shapes.ts'

/** A page of the list holds ids: what they stand for is kept, and repainted, one by one. */
export type ListPage = { ids: string[]; next: string | null }
type List = InfiniteData<ListPage, string | undefined>

const lengthOfPreview = 140

export const listKey = (archived: boolean) => ['chat', 'listConversations', { archived }, 'ids']
export const conversationKey = (conversationId: string) => [
  'chat',
  'getConversation',
  { conversationId },
]
export const participantsKey = (conversationId: string) => [
  'chat',
  'listParticipants',
  { conversationId },
  'all',
]

const leftKey = (conversationId: string) => ['chat', 'left', conversationId]

/**
 * Notes that a conversation is not open to this person any more, or is again. What was on its way
 * by then, an answer or news, would otherwise bring it back.
 */
export function setLeft(queries: QueryClient, id: string, left: boolean): void {
  if (left) queries.setQueryData(leftKey(id), true)
  else queries.removeQueries({ queryKey: leftKey(id) })
}

function isLeft(queries: QueryClient, id: string): boolean {
  return queries.getQueryData(leftKey(id)) === true
}

export function getConversation(queries: QueryClient, id: string): Conversation | undefined {
  return queries.getQueryData<Conversation>(conversationKey(id))
}

/** An answer may be older than what was heard while it was on its way: places only grow. */
export function newestOf(known: Conversation | undefined, answer: Conversation): Conversation {
  if (!known) return answer
  const older = answer.seq < known.seq || answer.own.readSeq < known.own.readSeq
  return older ? known : answer
}

/** Keeps what is known of a conversation; nothing when it was left meanwhile. */
export function putConversation(
  queries: QueryClient,
  conversation: Conversation,
): Conversation | undefined {
  if (isLeft(queries, conversation.id)) return undefined
  return queries.setQueryData<Conversation>(conversationKey(conversation.id), (known) =>
    newestOf(known, conversation),
  )
}

/** Changes what is known of a conversation; what is not known stays unknown. */
export function changeConversation(
  queries: QueryClient,
  id: string,
  change: (conversation: Conversation) => Conversation,
): void {
  if (isLeft(queries, id)) return
  queries.setQueryData<Conversation>(conversationKey(id), (known) => known && change(known))
}

/** Answers may overtake each other; what is read only moves forward, so the older one is known. */
export function changeOwn(queries: QueryClient, id: string, own: OwnState): void {
  changeConversation(queries, id, (conversation) =>
    own.readSeq < conversation.own.readSeq ? conversation : { ...conversation, own },
  )
}

/** Puts a conversation on top of a list, below pinned ones unless it is pinned, or takes it off. */
export function moveInList(
  queries: QueryClient,
  archived: boolean,
  id: string,
  to: 'top' | 'away',
): void {
  queries.setQueryData<List>(listKey(archived), (list) => {
    if (!list) return list
    const first = list.pages[0]?.ids ?? []
    const isPinned = (one: string) => getConversation(queries, one)?.own.pinned === true
    // All pinned ones are on the first page.
    const top = isPinned(id) ? 0 : first.filter((one) => one !== id && isPinned(one)).length
    if (to === 'top' && first[top] === id) return list
    const pages = list.pages.map((page) =>
      page.ids.includes(id) ? { ...page, ids: page.ids.filter((one) => one !== id) } : page,
    )
    if (to === 'away') return { ...list, pages }
    return {
      ...list,
      pages: pages.map((page, at) =>
        at === 0 ? { ...page, ids: page.ids.toSpliced(top, 0, id) } : page,
      ),
    }
  })
}

/** What a new message makes of its conversation in the eyes of one member. */
export function withMessage(
  conversation: Conversation,
  message: Message,
  userId: string,
): Conversation {
  const { id, seq, version, senderId, content, createdAt } = message
  const own = senderId === userId
  const mentions = content.includes(`](${userId})`)
  return {
    ...conversation,
    seq,
    version: Math.max(conversation.version, version),
    activeAt: createdAt,
    lastMessage: { id, seq, senderId, preview: previewOf(content), deleted: false, createdAt },
    own: own
      ? conversation.own
      : {
          ...conversation.own,
          unread: conversation.own.unread + 1,
          mentions: conversation.own.mentions + (mentions ? 1 : 0),
          archived: conversation.own.archived && conversation.own.muted,
        },
  }
}

/** Its beginning on one line, with mentions shown as names. */
export function previewOf(content: string): string {
  const shown = content
    .slice(0, 2 * lengthOfPreview)
    .replace(/@\[([^\]]{1,100})\]\([^()\s]{1,64}\)/g, '@$1')
  return [...shown].slice(0, lengthOfPreview).join('')
}

export function changeParticipants(
  queries: QueryClient,
  id: string,
  change: (participants: Participant[]) => Participant[],
): void {
  queries.setQueryData<Participant[]>(participantsKey(id), (known) => known && change(known))
}
