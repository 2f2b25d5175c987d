import { createContext, type ReactNode, useContext, useState, useSyncExternalStore } from 'react'
import {
  createClient,
  type LiveState,
  type OwnAccount,
  type StoaClient,
} from '../../client/index.ts'

const ClientContext = createContext<StoaClient | undefined>(undefined)

/** The one client of the page; its access token is in memory, its refresh token in a cookie. */
export function openClient(): StoaClient {
  return createClient({ url: location.origin })
}

export function ClientProvider({ client, children }: { client: StoaClient; children: ReactNode }) {
  return <ClientContext value={client}>{children}</ClientContext>
}

export function useClient(): StoaClient {
  const client = useContext(ClientContext)
  if (!client) throw new Error('There is no ClientProvider above this component.')
  return client
}

/** Who is signed in, in whichever tab that happened. */
export function useUser(): OwnAccount | undefined {
  const client = useClient()
  return useSyncExternalStore(client.onUser, client.user)
}

const MeContext = createContext<OwnAccount | undefined>(undefined)

/** Gives screens for signed-in people the one who is, or who just was until another screen comes. */
export function MeProvider({ children }: { children: ReactNode }) {
  const user = useUser()
  const [me, setMe] = useState(user)
  if (user && user !== me) setMe(user)
  return <MeContext value={me}>{children}</MeContext>
}

/** Who is signed in, on screens that nobody else sees. */
export function useMe(): OwnAccount {
  const me = useContext(MeContext)
  if (!me) throw new Error('This screen is for signed-in people.')
  return me
}

/** How the live connection is. */
export function useLiveState(): LiveState {
  const { live } = useClient()
  return useSyncExternalStore(live.onState, live.state)
}
