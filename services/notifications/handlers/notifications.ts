import { randomUUID } from 'node:crypto'
import { NotificationType, notifications } from '../../../contracts/notifications.ts'
import { isTuple, readCursor, toPage } from '../../../kit/page.ts'
import { failuresOf, type Handlers } from '../../../kit/service.ts'
import type { Deps } from '../deps.ts'
import type { Notifier } from '../notifier.ts'
import { toChannels, toNotification } from '../rows.ts'
import { defaultPreferences } from '../rules.ts'
import * as store from '../store/notifications.ts'
import {
  findRecipient,
  listPreferences,
  savePreference,
  subtractUnread,
} from '../store/recipients.ts'

const fail = failuresOf(notifications)
const isPosition = isTuple(['string'])

type Owned =
  | 'listNotifications'
  | 'getUnreadNotificationCount'
  | 'markNotificationRead'
  | 'markAllNotificationsRead'
  | 'deleteNotification'
  | 'getNotificationPreferences'
  | 'updateNotificationPreferences'
  | 'notify'

export function createNotificationHandlers(
  { db, outbox }: Deps,
  tell: Notifier,
): Pick<Handlers<typeof notifications>, Owned> {
  async function getPreferences(userId: string) {
    const rows = await listPreferences(db, userId)
    const chosen = Object.fromEntries(rows.map((row) => [row.type, toChannels(row)]))
    return { ...defaultPreferences, ...chosen }
  }

  return {
    async listNotifications({ limit, cursor, count, unreadOnly }, { actor }) {
      const request = { limit, cursor: readCursor(cursor, isPosition) }
      const rows = await store.listNotifications(db, actor.id, unreadOnly, request)
      return {
        ...toPage(rows, request, ({ id }): store.NotificationPosition => [id], toNotification),
        ...(count && { count: await store.countNotifications(db, actor.id, unreadOnly) }),
      }
    },

    async getUnreadNotificationCount(_, { actor }) {
      return { unreadCount: (await findRecipient(db, actor.id))?.unread ?? 0 }
    },

    async markNotificationRead({ notificationId }, call) {
      const userId = call.actor.id
      const readAt = new Date().toISOString()
      return db.transaction().execute(async (tx) => {
        const marked = await store.markRead(tx, userId, notificationId, readAt)
        if (marked) {
          const unreadCount = await subtractUnread(tx, userId, 1)
          const read = { userId, notificationId, readAt, unreadCount }
          await outbox.add(tx, 'notificationRead', read, call)
          return toNotification(marked)
        }
        const known = await store.findNotification(tx, userId, notificationId)
        if (!known) throw fail('notification_not_found')
        return toNotification(known)
      })
    },

    async markAllNotificationsRead(_, call) {
      const userId = call.actor.id
      const readAt = new Date().toISOString()
      return db.transaction().execute(async (tx) => {
        const marked = await store.markAllRead(tx, userId, readAt)
        if (marked > 0) {
          const unreadCount = await subtractUnread(tx, userId, marked)
          const read = { userId, notificationId: null, readAt, unreadCount }
          await outbox.add(tx, 'notificationRead', read, call)
        }
        return { marked }
      })
    },

    async deleteNotification({ notificationId }, call) {
      const userId = call.actor.id
      await db.transaction().execute(async (tx) => {
        const deleted = await store.deleteNotification(tx, userId, notificationId)
        if (!deleted) throw fail('notification_not_found')
        const unreadCount = await subtractUnread(tx, userId, deleted.readAt === null ? 1 : 0)
        const gone = { userId, notificationId, unreadCount }
        await outbox.add(tx, 'notificationDeleted', gone, call)
      })
      return {}
    },

    getNotificationPreferences: (_, { actor }) => getPreferences(actor.id),

    async updateNotificationPreferences(chosen, { actor }) {
      await db.transaction().execute(async (tx) => {
        for (const type of NotificationType.options) {
          const channels = type === 'security' ? undefined : chosen[type]
          if (channels) await savePreference(tx, actor.id, type, channels)
        }
      })
      return getPreferences(actor.id)
    },

    async notify(news, call) {
      await db.transaction().execute((tx) => tell(tx, news, randomUUID(), call))
      return {}
    },
  }
}
