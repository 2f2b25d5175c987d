import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { useSite } from './site.ts'

type Titles = { setTitle(title: string | undefined): void; setBadge(count: number): void }

const TitlesContext = createContext<Titles | undefined>(undefined)

/** Writes the title of the page: `(3) People · Our place`. */
export function TitleProvider({ children }: { children: ReactNode }) {
  const { data: site } = useSite()
  const [title, setTitle] = useState<string>()
  const [badge, setBadge] = useState(0)
  const titles = useMemo(() => ({ setTitle, setBadge }), [])
  const name = site?.siteName || 'Stoa'

  useEffect(() => {
    const count = badge > 0 ? `(${badge > 99 ? '99+' : badge}) ` : ''
    document.title = count + (title ? `${title} · ${name}` : name)
  }, [title, badge, name])

  return <TitlesContext value={titles}>{children}</TitlesContext>
}

function useTitles(): Titles {
  const titles = useContext(TitlesContext)
  if (!titles) throw new Error('There is no TitleProvider above this component.')
  return titles
}

/** Names the page while the component is there. */
export function useTitle(title: string | undefined): void {
  const { setTitle } = useTitles()
  useEffect(() => {
    setTitle(title)
    return () => setTitle(undefined)
  }, [setTitle, title])
}

/** How much that is new the title shows; 0 for nothing. */
export function useTitleBadge(count: number): void {
  const { setBadge } = useTitles()
  useEffect(() => {
    setBadge(count)
    return () => setBadge(0)
  }, [setBadge, count])
}
