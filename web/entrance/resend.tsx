import { useEffect, useState } from 'react'
import type { Failure } from '../../client/index.ts'
import { useAction } from '../lib/calls.ts'
import { useClient } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { Button } from '../ui/button.tsx'

/** Mails take a moment; another one in between would only end the link of the first. */
const waitSeconds = 60

/** Sends the mail again, and shows how long to wait before the next time. */
export function Resend() {
  const { t, explain } = useI18n()
  const client = useClient()
  const { seconds, wait } = useCountdown()
  const resend = useAction('accounts', 'resendEmail', {
    onSuccess: () => wait(waitSeconds),
    onError: (failure) => {
      if (failure.code === 'already_confirmed') void client.resume()
      else if (failure.retryAfter) wait(failure.retryAfter)
    },
  })
  const said = resend.error
    ? explainUnlessLimited(resend.error)
    : resend.data && t('confirm.resent')

  function explainUnlessLimited(failure: Failure): string | undefined {
    return failure.code === 'rate_limited' ? undefined : explain(failure)
  }

  return (
    <>
      <Button
        variant="plain"
        loading={resend.isPending}
        disabled={seconds > 0}
        onClick={() => resend.mutate({})}
      >
        {seconds > 0 ? t('confirm.resendIn', { count: seconds }) : t('confirm.resend')}
      </Button>
      <span role="status">{said}</span>
    </>
  )
}

/** Seconds that are left, counted down. */
function useCountdown() {
  const [until, setUntil] = useState(0)
  const [now, setNow] = useState(0)
  const seconds = Math.max(0, Math.ceil((until - now) / 1000))

  useEffect(() => {
    if (seconds === 0) return
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [seconds])

  return {
    seconds,
    wait(forSeconds: number) {
      setNow(Date.now())
      setUntil(Date.now() + forSeconds * 1000)
    },
  }
}
