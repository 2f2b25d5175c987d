import { useCall } from './calls.ts'
import { useMe } from './client.tsx'

/** What visitors may know of the site: its name, and who may sign up. */
export function useSite() {
  return useCall('accounts', 'getSetup', {}, { staleTime: Number.POSITIVE_INFINITY })
}

/**
 * Whether everything is open to the signed-in person (`access: 'member'`): the e-mail address is
 * confirmed, or the site does not ask for that. `undefined` while it is not known.
 */
export function useIsMember(): boolean | undefined {
  const { confirmed } = useMe()
  const { data: site } = useSite()
  return confirmed || (site && !site.requireEmailConfirmation)
}
