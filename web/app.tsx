import { useQueryClient } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { useClient, useUser } from './lib/client.tsx'
import { useI18n } from './lib/i18n.tsx'
import type { openRouter } from './lib/router.tsx'
import { Button } from './ui/button.tsx'
import { OfflineIcon } from './ui/icon.tsx'
import { EmptyState } from './ui/states.tsx'
import { WholePage } from './ui/whole-page.tsx'

type Router = ReturnType<typeof openRouter>
type Start = 'starting' | 'ready' | 'down'

const againMs = 3_000

type AppProps = {
  router: Router
  /** The first attempt to take up the session, which began with the page. */
  resuming: Promise<unknown>
}

/** Takes up the session first: before that nobody knows which screens there are for this person. */
export function App({ router, resuming }: AppProps) {
  const client = useClient()
  const { t } = useI18n()
  const [start, setStart] = useState<Start>('starting')
  const attempt = useRef<Promise<unknown> | undefined>(resuming)

  useEffect(() => {
    if (start === 'ready') return
    let gone = false
    let timer: ReturnType<typeof setTimeout> | undefined
    async function resume() {
      try {
        await (attempt.current ?? client.resume())
        if (!gone) setStart('ready')
        client.live.connect()
      } catch {
        attempt.current = undefined
        if (gone) return
        setStart('down')
        timer = setTimeout(resume, againMs)
      }
    }
    void resume()
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [client, start])

  if (start === 'ready') return <Routed router={router} />
  if (start === 'starting') return null
  return (
    <WholePage>
      <EmptyState
        level={1}
        icon={<OfflineIcon size={28} />}
        title={t('state.serverDown')}
        hint={t('state.serverDownHint')}
        action={
          <Button variant="plain" onClick={() => setStart('starting')}>
            {t('action.retry')}
          </Button>
        }
      />
    </WholePage>
  )
}

/** Follows who is signed in: somebody may come, go or change in another tab. */
function Routed({ router }: { router: Router }) {
  const queries = useQueryClient()
  const userId = useUser()?.id
  const [shownTo, setShownTo] = useState(userId)

  const follow = useEffectEvent(() => {
    if (userId === shownTo) return
    setShownTo(userId)
    if (userId !== undefined && shownTo !== undefined) {
      // Somebody else signed in, in another tab: nothing of the one before may stay.
      location.replace('/')
      return
    }
    void router.invalidate().then(() => {
      if (userId === undefined) queries.removeQueries({ predicate: isPersonal })
    })
  })
  useEffect(() => follow(), [userId])

  return <RouterProvider router={router} />
}

/** What visitors may know stays. */
function isPersonal({ queryKey }: { queryKey: readonly unknown[] }): boolean {
  return queryKey[1] !== 'getSetup'
}
