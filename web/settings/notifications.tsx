import { Switch } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { keyOf, type Output, useAction, useCall } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { useIsMember } from '../lib/site.ts'
import { Button } from '../ui/button.tsx'
import { ErrorState, LoadingState } from '../ui/states.tsx'
import { useSay } from '../ui/toast.tsx'
import classes from './notifications.module.css'
import section from './section.module.css'

type Preferences = Output<'notifications', 'getNotificationPreferences'>
type Type = keyof Preferences

/** What happens in this version of the product; the other types come with what they are about. */
const types: readonly Type[] = ['mention', 'message', 'reaction', 'call', 'status', 'system']

/** By which ways news reaches one: in the app, by mail, and from the browser itself. */
export function NotificationsSection() {
  const { data, error, refetch } = useCall('notifications', 'getNotificationPreferences', {})
  if (error && !data) return <ErrorState error={error} retry={refetch} />
  if (!data) return <LoadingState as="page" />
  return (
    <div className={section.section}>
      <Ways preferences={data} />
      <BrowserPermission />
    </div>
  )
}

function Ways({ preferences }: { preferences: Preferences }) {
  const { t, explain } = useI18n()
  const say = useSay()
  const isMember = useIsMember()
  const queries = useQueryClient()
  const key = keyOf('notifications', 'getNotificationPreferences', {})
  const save = useAction('notifications', 'updateNotificationPreferences', {
    onSuccess: (saved) => queries.setQueryData(key, saved),
    onError(failure) {
      void queries.invalidateQueries({ queryKey: key })
      say(explain(failure), 'danger')
    },
  })

  function choose(type: Type, channel: 'inApp' | 'email', on: boolean): void {
    const channels = { ...preferences[type], [channel]: on }
    queries.setQueryData(key, { ...preferences, [type]: channels })
    save.mutate({ [type]: channels })
  }

  return (
    <table className={classes.ways}>
      <thead>
        <tr>
          <th scope="col">{t('settings.about')}</th>
          <th scope="col">{t('settings.inApp')}</th>
          <th scope="col">{t('settings.byMail')}</th>
        </tr>
      </thead>
      <tbody>
        {types.map((type) => (
          <tr key={type}>
            <th scope="row">{t(`settings.type.${type}`)}</th>
            {(['inApp', 'email'] as const).map((channel) => (
              <td key={channel}>
                <Switch
                  aria-label={t(channel === 'inApp' ? 'settings.inAppFor' : 'settings.byMailFor', {
                    type: t(`settings.type.${type}`),
                  })}
                  disabled={!isMember}
                  checked={preferences[type][channel]}
                  onChange={(event) => choose(type, channel, event.currentTarget.checked)}
                />
              </td>
            ))}
          </tr>
        ))}
        <tr>
          <th scope="row">{t('settings.type.security')}</th>
          <td colSpan={2} className={section.note}>
            {t('settings.securityNote')}
          </td>
        </tr>
      </tbody>
    </table>
  )
}

/** Asked only by a click: a page that asks by itself is refused for ever. */
function BrowserPermission() {
  const { t } = useI18n()
  const available = 'Notification' in window
  const [permission, setPermission] = useState(available ? Notification.permission : 'denied')
  return (
    <section className={section.group} aria-labelledby="browser-notifications">
      <h2 id="browser-notifications" className={section.legend}>
        {t('settings.browser')}
      </h2>
      <p className={section.note}>
        {t(available ? `settings.browser.${permission}` : 'settings.browser.unavailable')}
      </p>
      {available && permission === 'default' && (
        <div>
          <Button
            variant="plain"
            onClick={() => void Notification.requestPermission().then(setPermission)}
          >
            {t('settings.browser.allow')}
          </Button>
        </div>
      )}
    </section>
  )
}
