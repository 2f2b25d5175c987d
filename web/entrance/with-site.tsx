import type { ReactNode } from 'react'
import { useSite } from '../lib/site.ts'
import { ErrorState, LoadingState } from '../ui/states.tsx'
import { WholePage } from '../ui/whole-page.tsx'

type Site = NonNullable<ReturnType<typeof useSite>['data']>

/** A page that begins when it is known what the site is, and says so while it is not. */
export function WithSite({ children }: { children: (site: Site) => ReactNode }) {
  const { data: site, error, refetch } = useSite()
  if (site) return children(site)
  return (
    <WholePage>
      {error ? <ErrorState error={error} retry={refetch} /> : <LoadingState as="page" />}
    </WholePage>
  )
}
