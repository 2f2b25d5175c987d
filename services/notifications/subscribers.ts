import type { accounts } from '../../contracts/accounts.ts'
import type { chat } from '../../contracts/chat.ts'
import type { notifications } from '../../contracts/notifications.ts'
import type { Subscribers } from '../../kit/service.ts'
import { toQueuedMail } from './mail/queue.ts'
import type { Notifier } from './notifier.ts'
import { insertMail } from './store/mail.ts'
import { findRecipient, saveLocale } from './store/recipients.ts'
import type { NotificationsTables } from './tables.ts'

type Listens = { accounts: typeof accounts; chat: typeof chat }

export function createSubscribers(
  tell: Notifier,
): Subscribers<NotificationsTables, Listens, typeof notifications> {
  return {
    accounts: {
      async accountRegistered(tx, { userId, locale }) {
        if (locale) await saveLocale(tx, userId, locale)
      },

      async emailConfirmationRequested(tx, { userId, email, username, token, expiresAt }, record) {
        const locale = (await findRecipient(tx, userId))?.locale ?? null
        const content = {
          template: 'confirm-email',
          data: { username, token, expiresAt },
        } as const
        await insertMail(tx, toQueuedMail(content, { to: email, locale }, record.id))
      },

      async accountConfirmed(tx, { userId, email, username }, record) {
        const locale = (await findRecipient(tx, userId))?.locale ?? null
        const content = { template: 'welcome', data: { name: username } } as const
        await insertMail(tx, toQueuedMail(content, { to: email, locale }, record.id))
      },
    },

    chat: {
      async memberMentioned(tx, mention, record) {
        const { userId, conversationId, messageId, senderId, preview } = mention
        const news = {
          userId,
          type: 'mention',
          title: 'You were mentioned',
          body: preview,
          data: { conversationId, messageId, senderId },
        } as const
        await tell(tx, news, record.id, record)
      },
    },

    entrances: {
      async 'notification.send.email'(tx, { to, subject, text, html = null }, record) {
        const content = { template: 'as-given', data: { subject, text, html } } as const
        await insertMail(tx, toQueuedMail(content, { to, locale: null }, record.id))
      },

      async 'notification.send.welcome'(tx, { userId, email, name = null }, record) {
        const recipient = userId === undefined ? undefined : await findRecipient(tx, userId)
        const addressee = { to: email, locale: recipient?.locale ?? null }
        const content = { template: 'welcome', data: { name } } as const
        await insertMail(tx, toQueuedMail(content, addressee, record.id))
      },
    },
  }
}
