import { Outlet } from '@tanstack/react-router'
import { lazily } from '../lib/lazily.tsx'
import { useIsMember } from '../lib/site.ts'
import { LoadingState } from '../ui/states.tsx'

const CheckMail = lazily(() => import('./check-mail.tsx').then(({ CheckMail }) => CheckMail))

/** Screens that open once the e-mail address is confirmed; until then, how to do that. */
export function ConfirmedOnly() {
  const isMember = useIsMember()
  if (isMember === undefined) return <LoadingState />
  return isMember ? <Outlet /> : <CheckMail />
}
