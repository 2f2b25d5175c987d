import { useClient, useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { CheckMail } from '../shell/check-mail.tsx'
import { Button } from '../ui/button.tsx'
import { Time } from '../ui/time.tsx'
import classes from './section.module.css'

/** The account as such: how one signs in, and out. */
export function AccountSection() {
  const { t } = useI18n()
  const client = useClient()
  const me = useMe()
  return (
    <div className={classes.section}>
      <ul className={classes.items}>
        <li className={classes.item}>
          <div className={classes.lines}>
            <p className={classes.note}>{t('people.email')}</p>
            <p className={classes.strong}>
              {me.email}{' '}
              {me.confirmed && <span className={classes.tag}>{t('settings.confirmed')}</span>}
            </p>
          </div>
        </li>
        <li className={classes.item}>
          <div className={classes.lines}>
            <p className={classes.note}>{t('people.since')}</p>
            <p className={classes.strong}>
              <Time at={me.registeredAt} as="date" />
            </p>
          </div>
        </li>
      </ul>
      {!me.confirmed && <CheckMail />}
      <div>
        <Button variant="plain" onClick={() => void client.signOut().catch(() => undefined)}>
          {t('action.signOut')}
        </Button>
      </div>
    </div>
  )
}
