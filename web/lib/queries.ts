import { QueryClient } from '@tanstack/react-query'
import { Failure } from '../../client/index.ts'

/** The cache of everything that was read. The client repeats by itself what may pass. */
export function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: false,
        // A screen that failed for want of a server asks again by itself, a refused one does not.
        refetchInterval: ({ state }) =>
          state.error instanceof Failure && state.error.status >= 500 ? 5_000 : false,
        networkMode: 'always',
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  })
}
