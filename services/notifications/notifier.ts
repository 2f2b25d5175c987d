import { randomUUIDv7 } from 'node:crypto'
import type { Notification, notifications } from '../../contracts/notifications.ts'
import type { Origin } from '../../kit/context.ts'
import type { Outbox } from '../../kit/outbox.ts'
import { toQueuedMail } from './mail/queue.ts'
import { toChannels, toNotification } from './rows.ts'
import { channelsOf } from './rules.ts'
import type { Tx } from './store/db.ts'
import { insertMail } from './store/mail.ts'
import { insertNotification } from './store/notifications.ts'
import { addUnread, findPreference, findRecipient } from './store/recipients.ts'

export type News = Pick<Notification, 'userId' | 'type' | 'title' | 'body' | 'data'>

/** Tells a person something, inside a transaction, by the ways that the person chose. */
export type Notifier = (tx: Tx, news: News, source: string, origin: Origin) => Promise<void>

export function createNotifier(outbox: Outbox<typeof notifications>): Notifier {
  return async (tx, news, source, origin) => {
    const { userId, type, title, body, data } = news
    const preference = await findPreference(tx, userId, type)
    const channels = channelsOf(type, preference && toChannels(preference))

    if (channels.inApp) {
      const row = {
        id: randomUUIDv7(),
        userId,
        type,
        title,
        body,
        data: JSON.stringify(data),
        createdAt: new Date().toISOString(),
        readAt: null,
      }
      await insertNotification(tx, row)
      const unreadCount = await addUnread(tx, userId)
      await outbox.add(tx, 'notificationCreated', { ...toNotification(row), unreadCount }, origin)
    }
    if (channels.email) {
      const locale = (await findRecipient(tx, userId))?.locale ?? null
      const content = { template: 'notification', data: { type, title, body } } as const
      await insertMail(tx, toQueuedMail(content, { userId, locale }, source))
    }
  }
}
