import { createContext, type ReactNode, useContext } from 'react'
import classes from './whole-page.module.css'

/** Whether something stands in the main part of a page, which a page has one of. */
export const InMain = createContext(false)

/** In the place of a whole screen, or of the whole page where there is nothing around it. */
export function WholePage({ children }: { children: ReactNode }) {
  const inMain = useContext(InMain)
  if (inMain) return <div className={classes.inside}>{children}</div>
  return (
    <main id="content" className={classes.page}>
      {children}
    </main>
  )
}
