import { randomUUIDv7 } from 'node:crypto'
import type { MailRow } from '../tables.ts'
import type { MailContent } from '../templates/write-mail.ts'

type Addressee =
  | { to: string; locale: string | null }
  /** An account, which is asked for its address when the mail goes out. */
  | { userId: string; locale: string | null }

/** A mail as it joins the line; `source` is what led to it, and leads to no second one. */
export function toQueuedMail(content: MailContent, addressee: Addressee, source: string): MailRow {
  const now = new Date().toISOString()
  return {
    id: randomUUIDv7(),
    source,
    userId: 'userId' in addressee ? addressee.userId : null,
    recipient: 'to' in addressee ? addressee.to : null,
    locale: addressee.locale,
    template: content.template,
    data: JSON.stringify(content.data),
    state: 'waiting',
    via: null,
    attempts: 0,
    cause: null,
    subject: null,
    text: null,
    html: null,
    createdAt: now,
    sentAt: null,
    nextAttemptAt: now,
  }
}
