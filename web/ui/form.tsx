import type { ReactNode } from 'react'
import classes from './form.module.css'

/** The fields of a form, one under the other. */
export function Fields({ children }: { children: ReactNode }) {
  return <div className={classes.fields}>{children}</div>
}

/** What a form could not do, above its button. */
export function FormFailure({ children }: { children: ReactNode }) {
  return (
    <div role="alert" className={classes.failure} hidden={!children}>
      {children}
    </div>
  )
}
