import type { MailSummary, NotificationType } from '../../contracts/notifications.ts'
import type { Flag } from '../../kit/db/columns.ts'

export type NotificationsTables = {
  notification: {
    id: string
    userId: string
    type: NotificationType
    title: string
    body: string
    /** JSON */
    data: string
    createdAt: string
    readAt: string | null
  }
  /** What is known of a person here: the language, and how much is unread. */
  recipient: { userId: string; locale: string | null; unread: number }
  /** Only what a person has chosen; everything else has its default. */
  preference: { userId: string; type: NotificationType; inApp: Flag; email: Flag }
  mail: {
    id: string
    /** What led to the mail, so that the same event never leads to a second one. */
    source: string
    /** Whom to ask for the address when `recipient` is not known yet. */
    userId: string | null
    recipient: string | null
    locale: string | null
    template: string
    /** JSON from which the template is written; emptied once a mail server has the mail. */
    data: string
    state: MailSummary['state']
    via: 'smtp' | 'local' | null
    attempts: number
    cause: string | null
    subject: string | null
    text: string | null
    html: string | null
    createdAt: string
    sentAt: string | null
    /** When somebody may take it up: a time not yet reached is a wait, or the lease of a sender. */
    nextAttemptAt: string | null
  }
}

export type NotificationRow = NotificationsTables['notification']
export type MailRow = NotificationsTables['mail']
