import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { MailRow } from '../dev-mail/mail-row.tsx'
import { MailView } from '../dev-mail/mail-view.tsx'
import { useCall } from '../lib/calls.ts'
import { useI18n } from '../lib/i18n.tsx'
import { useTitle } from '../lib/title.tsx'
import { BackIcon, MailIcon } from '../ui/icon.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { Pane, Screen } from '../ui/screen.tsx'
import { EmptyState, ErrorState, LoadingState } from '../ui/states.tsx'
import classes from './dev-mail-page.module.css'

/** New mails appear by themselves: there is no connection to hear them by. */
const lookEveryMs = 3_000
const shownAtMost = 100

export function DevMailPage() {
  const { t } = useI18n()
  useTitle(t('nav.devMail'))
  const [chosenId, setChosenId] = useState<string>()
  const list = useCall(
    'notifications',
    'listLocalMail',
    { limit: shownAtMost },
    { refetchInterval: lookEveryMs },
  )
  const { data, error } = list
  const mails = data?.items
  const chosen = mails?.find(({ id }) => id === chosenId)

  if (error?.status === 404) {
    return (
      <main className={classes.alone}>
        <EmptyState
          icon={<MailIcon size={28} />}
          title={t('devMail.off')}
          hint={t('devMail.offHint')}
          action={<Link to="/">{t('notFound.home')}</Link>}
        />
      </main>
    )
  }
  return (
    <main className={classes.alone}>
      <Screen
        showing={chosen ? 'detail' : 'list'}
        list={
          <Pane title={t('nav.devMail')} level={chosen ? 2 : 1} subtitle={t('devMail.subtitle')}>
            {error && !mails && <ErrorState error={error} retry={list.refetch} />}
            {!mails && !error && <LoadingState />}
            {mails?.length === 0 && (
              <EmptyState
                icon={<MailIcon size={28} />}
                title={t('devMail.none')}
                hint={t('devMail.noneHint')}
              />
            )}
            <ul className={classes.mails}>
              {mails?.map((mail) => (
                <li key={mail.id}>
                  <MailRow
                    mail={mail}
                    chosen={mail.id === chosenId}
                    onChoose={() => setChosenId(mail.id)}
                  />
                </li>
              ))}
            </ul>
          </Pane>
        }
        detail={
          chosen ? (
            <Pane
              title={<bdi>{chosen.subject}</bdi>}
              subtitle={t('devMail.to', { to: chosen.to ?? '' })}
              scroll={false}
              focusOn={chosen.id}
              before={
                <span className={classes.back}>
                  <IconButton
                    label={t('action.back')}
                    icon={<BackIcon />}
                    onClick={() => setChosenId(undefined)}
                  />
                </span>
              }
            >
              <MailView key={chosen.id} mail={chosen} />
            </Pane>
          ) : (
            <EmptyState icon={<MailIcon size={28} />} title={t('devMail.choose')} />
          )
        }
      />
    </main>
  )
}
