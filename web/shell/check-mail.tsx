import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { Resend } from '../entrance/resend.tsx'
import { useCall } from '../lib/calls.ts'
import { useClient, useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useTitle } from '../lib/title.tsx'
import { Button } from '../ui/button.tsx'
import { MailIcon } from '../ui/icon.tsx'
import { EmptyState } from '../ui/states.tsx'
import { useSay } from '../ui/toast.tsx'

/** Says that a mail is on its way, and helps when it is not. */
export function CheckMail() {
  const { t, explain } = useI18n()
  const { email } = useMe()
  const client = useClient()
  const say = useSay()
  // There only on the very machine of the server, while it has no mail server to send with.
  const { data: inbox } = useCall(
    'notifications',
    'listLocalMail',
    { limit: 1 },
    { staleTime: Number.POSITIVE_INFINITY },
  )
  useTitle(t('confirm.checkTitle'))

  // The link may have been opened on another device: whoever comes back to this page has news.
  useEffect(() => {
    const ask = () => void client.resume().catch(() => undefined)
    addEventListener('focus', ask)
    return () => removeEventListener('focus', ask)
  }, [client])

  async function check() {
    try {
      const user = await client.resume()
      if (user && !user.confirmed) say(t('confirm.notYet'))
    } catch (error) {
      say(explain(error), 'danger')
    }
  }

  return (
    <EmptyState
      level={1}
      icon={<MailIcon size={28} />}
      title={t('confirm.checkTitle')}
      hint={t('confirm.checkHint', { email })}
      action={
        <>
          <Button onClick={() => void check()}>{t('confirm.done')}</Button>
          <Resend />
          {inbox && <Link to="/dev/mail">{t('confirm.devMail')}</Link>}
        </>
      }
    />
  )
}
