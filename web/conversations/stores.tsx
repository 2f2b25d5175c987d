import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { useClient, useMe } from '../lib/client.tsx'
import { usePresence } from '../lib/presence.tsx'
import { createDrafts, type Drafts } from './drafts.ts'
import { useKeyed } from './keyed.ts'
import { createPending, type Pending } from './pending.ts'
import { createPeople, type Known, type People } from './people.ts'
import { createTyping, type Typing } from './typing.ts'

type Stores = {
  people: People
  typing: Typing
  drafts: Drafts
  pending: Pending
}

const StoresContext = createContext<Stores | undefined>(undefined)

/** What the screens of conversations share and the server does not keep. */
export function StoresProvider({ children }: { children: ReactNode }) {
  const client = useClient()
  const { id } = useMe()
  const [stores] = useState<Stores>(() => ({
    people: createPeople(client),
    typing: createTyping(client),
    drafts: createDrafts(localStorage, id),
    pending: createPending(client, id),
  }))
  useEffect(() => {
    const stops = [stores.typing.listen(), stores.pending.listen()]
    return () => {
      for (const stop of stops) stop()
    }
  }, [stores])
  return <StoresContext value={stores}>{children}</StoresContext>
}

export function useStores(): Stores {
  const stores = useContext(StoresContext)
  if (!stores) throw new Error('There is no StoresProvider above this component.')
  return stores
}

/** Who somebody is; `undefined` until it is known. */
export function usePerson(userId: string | undefined): Known | undefined {
  const { people } = useStores()
  const person = useKeyed(people, userId ?? '')
  useEffect(() => {
    if (userId !== undefined && person === undefined) void people.ask(userId)
  }, [people, userId, person])
  return person
}

/** What somebody is shown as being; `undefined` for not there, unknown, or nobody in particular. */
export function useShownPresence(
  userId: string | undefined,
): 'online' | 'away' | 'busy' | undefined {
  const status = usePresence(userId)?.status
  return status === 'offline' ? undefined : status
}
