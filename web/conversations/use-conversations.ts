import {
  type QueryClient,
  queryOptions,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import type { Failure, StoaClient } from '../../client/index.ts'
import { useClient } from '../lib/client.tsx'
import {
  conversationKey,
  getConversation,
  type ListPage,
  listKey,
  newestOf,
  participantsKey,
  putConversation,
  setLeft,
} from './cache.ts'
import type { Conversation, Participant } from './shapes.ts'
import { useStores } from './stores.tsx'

const perPage = 50
const participantsPerPage = 100

/** Ids of one's conversations, in the order of the list; each is read with `useConversation`. */
export function useConversationIds(archived: boolean) {
  const client = useClient()
  const queries = useQueryClient()
  const { people } = useStores()
  return useInfiniteQuery<ListPage, Failure, string[], unknown[], string | undefined>({
    queryKey: listKey(archived),
    queryFn: async ({ pageParam, signal }) => {
      const cursor = pageParam !== undefined && { cursor: pageParam }
      const page = await client.api.chat.listConversations(
        { archived, limit: perPage, ...cursor },
        { signal },
      )
      for (const conversation of page.items) putConversation(queries, conversation)
      people.learn(page.items.map(({ person }) => person))
      return { ids: page.items.map(({ id }) => id), next: page.next }
    },
    initialPageParam: undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    select: ({ pages }) => [...new Set(pages.flatMap(({ ids }) => ids))],
    // While this list was not shown, nobody kept it true.
    refetchOnMount: 'always',
  })
}

/**
 * Every reader of a conversation asks in the same way: the cache asks as whoever came last would.
 */
function conversationQuery(client: StoaClient, queries: QueryClient, conversationId: string) {
  return queryOptions<Conversation, Failure>({
    queryKey: conversationKey(conversationId),
    queryFn: async ({ signal }) => {
      const answer = await client.api.chat.getConversation({ conversationId }, { signal })
      setLeft(queries, conversationId, false)
      return newestOf(getConversation(queries, conversationId), answer)
    },
  })
}

export function useConversation(conversationId: string) {
  return useQuery(conversationQuery(useClient(), useQueryClient(), conversationId))
}

/** What the list has brought of a conversation; it asks for nothing by itself. */
export function useListedConversation(conversationId: string): Conversation | undefined {
  const query = conversationQuery(useClient(), useQueryClient(), conversationId)
  return useQuery({ ...query, enabled: false }).data
}

/** Everybody in a conversation: names to mention, and how far each has read. */
export function useParticipants(conversationId: string) {
  const client = useClient()
  const { people } = useStores()
  return useQuery<Participant[], Failure>({
    queryKey: participantsKey(conversationId),
    queryFn: async ({ signal }) => {
      const all: Participant[] = []
      let cursor: string | undefined
      do {
        const page = await client.api.chat.listParticipants(
          { conversationId, limit: participantsPerPage, ...(cursor !== undefined && { cursor }) },
          { signal },
        )
        all.push(...page.items)
        cursor = page.next ?? undefined
      } while (cursor !== undefined)
      people.learn(all.map(({ person }) => person))
      return all
    },
    staleTime: 300_000,
  })
}
