import type { Mail, MailSummary, Notification } from '../../contracts/notifications.ts'
import type { Channels } from './rules.ts'
import type { MailRow, NotificationRow, NotificationsTables } from './tables.ts'

export function toNotification({ data, readAt, ...row }: NotificationRow): Notification {
  return { ...row, data: JSON.parse(data), isRead: readAt !== null, readAt }
}

export function toChannels({ inApp, email }: NotificationsTables['preference']): Channels {
  return { inApp: inApp === 1, email: email === 1 }
}

export function toMail({ text, html, ...row }: MailRow): Mail {
  return { ...toMailSummary({ text, html, ...row }), text, html }
}

export function toMailSummary(row: MailRow): MailSummary {
  const { id, template, subject, state, via, attempts, cause, createdAt, sentAt } = row
  return {
    id,
    to: row.recipient,
    template,
    subject,
    state,
    via,
    attempts,
    cause,
    createdAt,
    sentAt,
    nextAttemptAt: row.nextAttemptAt,
  }
}
