import {
  type InfiniteData,
  type QueryClient,
  queryOptions,
  type UseInfiniteQueryResult,
  type UseMutationResult,
  type UseQueryResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
} from '@tanstack/react-query'
import type { Api, Failure, StoaClient } from '../../client/index.ts'
import { useClient } from './client.tsx'

export type Service = keyof Api
export type Operation<S extends Service> = keyof Api[S] & string
// biome-ignore lint/suspicious/noExplicitAny: only a type that has `any` is satisfied by all methods.
type Method = (input: any, options?: { signal?: AbortSignal }) => Promise<unknown>
export type Input<S extends Service, O extends Operation<S>> = Api[S][O] extends Method
  ? Parameters<Api[S][O]>[0]
  : never
export type Output<S extends Service, O extends Operation<S>> = Api[S][O] extends Method
  ? Awaited<ReturnType<Api[S][O]>>
  : never

type Page<Item> = { items: Item[]; next: string | null }
/** The item of an operation that lists. */
export type ItemOf<S extends Service, O extends Operation<S>> =
  Output<S, O> extends { items: (infer Item)[] } ? Item : never

export type CallSettings<Result = unknown> = {
  /** Whether to ask at all; yes unless said otherwise. */
  enabled?: boolean
  /** How long an answer is taken as it is, in milliseconds; 30 s unless said otherwise. */
  staleTime?: number
  /** Ask again after so many milliseconds, as long as that is not `false`. */
  refetchInterval?: number | ((data: Result | undefined) => number | false)
  /** Keep showing the former answer while one to other input is on its way. */
  keepPrevious?: boolean
}

/** Under which key an answer is kept: `['users', 'getUser', { userId }]`. Shorter keys match all. */
export function keyOf<S extends Service, O extends Operation<S>>(
  service: S,
  operation?: O,
  input?: Partial<Input<S, O>>,
): unknown[] {
  return [service, operation, input].filter((part) => part !== undefined)
}

function methodOf(client: StoaClient, service: Service, operation: string): Method {
  return (client.api[service] as unknown as Record<string, Method>)[operation] as Method
}

/** The query behind `useCall`, for loaders and for reading or changing what is cached. */
export function callQuery<S extends Service, O extends Operation<S>>(
  client: StoaClient,
  service: S,
  operation: O,
  input: Input<S, O>,
) {
  return queryOptions<Output<S, O>, Failure>({
    queryKey: keyOf(service, operation, input),
    queryFn: ({ signal }) =>
      methodOf(client, service, operation)(input, { signal }) as Promise<Output<S, O>>,
  })
}

/** Reads with an operation: `const { data, error } = useCall('users', 'getUser', { userId })`. */
export function useCall<S extends Service, O extends Operation<S>>(
  service: S,
  operation: O,
  input: Input<S, O>,
  { keepPrevious, refetchInterval, ...settings }: CallSettings<Output<S, O>> = {},
): UseQueryResult<Output<S, O>, Failure> {
  const client = useClient()
  type Asked = { state: { data: Output<S, O> | undefined } }
  return useQuery({
    ...callQuery(client, service, operation, input),
    ...settings,
    ...(refetchInterval !== undefined && {
      refetchInterval:
        typeof refetchInterval === 'function'
          ? ({ state }: Asked) => refetchInterval(state.data)
          : refetchInterval,
    }),
    ...(keepPrevious && { placeholderData: (previous: Output<S, O> | undefined) => previous }),
  } as ReturnType<typeof callQuery<S, O>>)
}

export type Pages<Item> = UseInfiniteQueryResult<Item[], Failure>

/**
 * Reads a list page by page: `data` is all items so far, `fetchNextPage` asks for more. Its key
 * ends in `'pages'`, so that `keyOf(service, operation)` matches it too.
 */
export function usePages<S extends Service, O extends Operation<S>>(
  service: S,
  operation: O,
  input: Omit<Input<S, O>, 'cursor'>,
  { keepPrevious, ...settings }: Omit<CallSettings, 'refetchInterval'> = {},
): Pages<ItemOf<S, O>> {
  const client = useClient()
  type Item = ItemOf<S, O>
  return useInfiniteQuery<Page<Item>, Failure, Item[], unknown[], string | undefined>({
    queryKey: [service, operation, input, 'pages'],
    queryFn: ({ pageParam, signal }) =>
      methodOf(
        client,
        service,
        operation,
      )({ ...input, ...(pageParam !== undefined && { cursor: pageParam }) }, { signal }) as Promise<
        Page<Item>
      >,
    initialPageParam: undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    select: toItems,
    ...settings,
    ...(keepPrevious && {
      placeholderData: (previous: InfiniteData<Page<Item>, string | undefined> | undefined) =>
        previous,
    }),
  })
}

function toItems<Item>({ pages }: InfiniteData<Page<Item>, unknown>): Item[] {
  return pages.flatMap(({ items }) => items)
}

/**
 * Changes something with an operation: `const rename = useAction('users', 'updateMe')`, then
 * `rename.mutate({ … })`. What the answer means for cached lists is said in `onSuccess`.
 */
export function useAction<S extends Service, O extends Operation<S>>(
  service: S,
  operation: O,
  options: {
    onSuccess?: (output: Output<S, O>, input: Input<S, O>) => unknown
    onError?: (failure: Failure, input: Input<S, O>) => void
  } = {},
): UseMutationResult<Output<S, O>, Failure, Input<S, O>> {
  const client = useClient()
  return useMutation({
    mutationFn: (input: Input<S, O>) =>
      methodOf(client, service, operation)(input) as Promise<Output<S, O>>,
    ...(options.onSuccess && {
      onSuccess: (output: Output<S, O>, input: Input<S, O>) => options.onSuccess?.(output, input),
    }),
    ...(options.onError && {
      onError: (failure: Failure, input: Input<S, O>) => options.onError?.(failure, input),
    }),
  })
}

/** Makes everything cached of an operation, or of a service, be asked for again. */
export function refetch<S extends Service>(
  queries: QueryClient,
  service: S,
  operation?: Operation<S>,
): Promise<void> {
  return queries.invalidateQueries({ queryKey: operation ? [service, operation] : [service] })
}
