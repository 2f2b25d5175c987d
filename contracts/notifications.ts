import * as z from 'zod'
import { defineContract } from '../kit/contract.ts'
import { auditedEvent } from './audit-entry.ts'
import { Done, Empty, Id, PageQuery, pageOf, Timestamp } from './shared.ts'

/** An address that a mail can be sent to: exactly one, without a name beside it. */
export const MailAddress = z.email().max(254)

/** One line of text: nothing in it can begin another header of a mail. */
function line(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u, 'One line without control characters')
}

/** Lines of text; no other control characters, which not every store and mail server takes. */
function lines(max: number) {
  return z
    .string()
    .max(max)
    .regex(/^[\P{Cc}\t\n\r]*$/u, 'Text without control characters')
}

/** What a notification is about; programs and people choose by it what reaches them. */
export const NotificationType = z.enum([
  'message',
  'call',
  'mention',
  'reaction',
  'status',
  'system',
  'security',
])
export type NotificationType = z.infer<typeof NotificationType>

const NotificationData = z
  .record(z.string().max(64), z.union([z.string().max(500), z.number(), z.boolean(), z.null()]))
  .describe('Ids and facts from which a client writes the text in the language of the person')

export const Notification = z
  .object({
    id: Id,
    userId: Id,
    type: NotificationType,
    title: z.string().describe('Plain English, for bots and as a last resort'),
    body: z.string(),
    data: NotificationData,
    isRead: z.boolean(),
    readAt: Timestamp.nullable(),
    createdAt: Timestamp,
  })
  .meta({ id: 'Notification' })
export type Notification = z.infer<typeof Notification>

const unreadCount = z.int().min(0).describe('Unread notifications of this person, after this')

const Channels = z
  .strictObject({
    inApp: z.boolean().describe('Whether it is kept and shown in the notification centre'),
    email: z.boolean().describe('Whether it is mailed to the address of the account'),
  })
  .meta({ id: 'NotificationChannels' })

/** By which ways each type reaches a person. `security` always uses both and has no setting. */
export const NotificationPreferences = z
  .strictObject({
    message: Channels,
    call: Channels,
    mention: Channels,
    reaction: Channels,
    status: Channels,
    system: Channels,
  })
  .meta({ id: 'NotificationPreferences' })
export type NotificationPreferences = z.infer<typeof NotificationPreferences>

export const MailState = z.enum(['waiting', 'sending', 'sent', 'failed'])

/** A mail on its way or delivered; without what is written in it. */
export const MailSummary = z
  .object({
    id: Id,
    to: z.string().nullable().describe('`null` until the account has been asked for its address'),
    template: z.string(),
    subject: z.string().nullable().describe('`null` until it has been written'),
    state: MailState,
    via: z
      .enum(['smtp', 'local'])
      .nullable()
      .describe('Which way it went: to the mail server, or into the outbox on this server'),
    attempts: z.int().min(0),
    cause: z.string().nullable().describe('Why the last attempt failed'),
    createdAt: Timestamp,
    sentAt: Timestamp.nullable(),
    nextAttemptAt: Timestamp.nullable(),
  })
  .meta({ id: 'MailSummary' })
export type MailSummary = z.infer<typeof MailSummary>

/** A mail with its text, which is kept only of mails that went into the local outbox. */
export const Mail = MailSummary.extend({
  text: z.string().nullable(),
  html: z.string().nullable().describe('To be shown in a sandbox: other programs write mail too'),
}).meta({ id: 'Mail' })
export type Mail = z.infer<typeof Mail>

const notificationId = z.strictObject({ notificationId: Id })
const mailId = z.strictObject({ mailId: Id })

export const notifications = defineContract({
  service: 'notifications',
  summary: 'What people are told: the notification centre, and mail',
  operations: {
    listNotifications: {
      summary: 'List the own notifications, newest first',
      http: 'GET /notifications',
      access: 'session',
      input: PageQuery.extend({ unreadOnly: z.boolean().default(false) }),
      output: pageOf(Notification),
    },
    getUnreadNotificationCount: {
      summary: 'Count the own unread notifications',
      http: 'GET /notifications/unread/count',
      access: 'session',
      input: Empty,
      output: z.object({ unreadCount }),
    },
    markNotificationRead: {
      summary: 'Mark a notification as read',
      http: 'POST /notifications/{notificationId}/read',
      access: 'member',
      input: notificationId,
      output: Notification,
      errors: { notification_not_found: 404 },
      idempotent: true,
    },
    markAllNotificationsRead: {
      summary: 'Mark all own notifications as read',
      http: 'POST /notifications/read-all',
      access: 'member',
      input: Empty,
      output: z.object({ marked: z.int().min(0).describe('How many were unread') }),
      idempotent: true,
    },
    deleteNotification: {
      summary: 'Delete a notification',
      http: 'DELETE /notifications/{notificationId}',
      access: 'member',
      input: notificationId,
      output: Done,
      errors: { notification_not_found: 404 },
    },
    getNotificationPreferences: {
      summary: 'See by which ways notifications of each type arrive',
      http: 'GET /notifications/preferences',
      access: 'session',
      input: Empty,
      output: NotificationPreferences,
    },
    updateNotificationPreferences: {
      summary: 'Choose by which ways notifications of each type arrive',
      description:
        'Types that are left out keep their setting. Security notices cannot be silenced.',
      http: 'PUT /notifications/preferences',
      access: 'member',
      input: NotificationPreferences.partial(),
      output: NotificationPreferences,
      idempotent: true,
    },
    notify: {
      summary: 'Tell a person something, by the ways that the person chose for the type',
      access: 'internal',
      input: z.strictObject({
        userId: Id,
        type: NotificationType,
        title: line(200),
        body: lines(1000),
        data: NotificationData,
      }),
      output: Done,
      key: 'userId',
    },

    listMail: {
      summary: 'List mails, newest first',
      http: 'GET /admin/mail',
      access: 'admin',
      input: PageQuery.extend({
        state: MailState.optional(),
        to: MailAddress.optional().describe('Mails to exactly this address'),
      }),
      output: pageOf(MailSummary),
    },
    getMail: {
      summary: 'Read a mail',
      description: 'Mails can hold links that act for their recipient: each reading is audited.',
      http: 'GET /admin/mail/{mailId}',
      access: 'admin',
      input: mailId,
      output: Mail,
      errors: { mail_not_found: 404 },
    },
    retryMail: {
      summary: 'Send a failed mail once more',
      http: 'POST /admin/mail/{mailId}/retry',
      access: 'admin',
      input: mailId,
      output: MailSummary,
      errors: { mail_not_found: 404, mail_not_failed: 409 },
    },
    sendTestMail: {
      summary: 'Send a mail to see whether mail works',
      description: 'The answer comes at once; `getMail` tells how the sending went.',
      http: 'POST /admin/mail/test',
      status: 201,
      access: 'admin',
      input: z.strictObject({ to: MailAddress }),
      output: MailSummary,
    },
    listLocalMail: {
      summary: 'Read the mails of this server while developing, newest first',
      description:
        'Only from the very machine that the server runs on, and only when DEV_INBOX is on, as it is without a mail server; from anywhere else there is no such address.',
      http: 'GET /dev/mail',
      access: 'public',
      input: PageQuery.extend({
        to: MailAddress.optional().describe('Mails to exactly this address'),
      }),
      output: pageOf(Mail),
    },
  },
  events: {
    notificationCreated: {
      summary: 'A person has a new notification',
      schema: Notification.extend({ unreadCount }),
      key: 'userId',
      push: [{ socket: '/chat notification:new', room: 'user:{userId}' }],
    },
    notificationRead: {
      summary: 'A person read notifications',
      schema: z.object({
        userId: Id,
        notificationId: Id.nullable().describe('`null`: all of them'),
        readAt: Timestamp,
        unreadCount,
      }),
      key: 'userId',
      push: [{ socket: '/chat notification:read', room: 'user:{userId}' }],
    },
    notificationDeleted: {
      summary: 'A person deleted a notification',
      schema: z.object({ userId: Id, notificationId: Id, unreadCount }),
      key: 'userId',
      push: [{ socket: '/chat notification:deleted', room: 'user:{userId}' }],
    },
    audited: auditedEvent,
  },
  entrances: {
    'notification.send.email': {
      summary: 'Send this mail, exactly as it is',
      schema: z.strictObject({
        to: MailAddress,
        subject: line(200),
        text: lines(100_000).min(1),
        html: lines(500_000).min(1).optional(),
      }),
      key: 'to',
    },
    'notification.send.welcome': {
      summary: 'Welcome somebody by mail',
      schema: z.strictObject({
        userId: Id.optional().describe('Whose language the mail is written in, when known'),
        email: MailAddress,
        name: line(100).optional(),
      }),
      key: 'email',
    },
  },
})
