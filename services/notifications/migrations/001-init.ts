import type { Kysely } from 'kysely'
import { column } from '../../../kit/db/columns.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('notification')
    .addColumn('id', column.id, (c) => c.primaryKey())
    .addColumn('user_id', column.id, (c) => c.notNull())
    .addColumn('type', column.text, (c) => c.notNull())
    .addColumn('title', column.text, (c) => c.notNull())
    .addColumn('body', column.text, (c) => c.notNull())
    .addColumn('data', column.json, (c) => c.notNull())
    .addColumn('created_at', column.time, (c) => c.notNull())
    .addColumn('read_at', column.time)
    .execute()

  // Serves listNotifications: a person's, newest first.
  await db.schema
    .createIndex('notification_by_user')
    .on('notification')
    .columns(['user_id', 'id desc'])
    .execute()

  // Serves listNotifications of what is unread, and markAllRead.
  await db.schema
    .createIndex('notification_unread_by_user')
    .on('notification')
    .columns(['user_id', 'id desc'])
    .where('read_at' as never, 'is', null)
    .execute()

  // Serves deleteOldNotifications.
  await db.schema
    .createIndex('notification_by_time')
    .on('notification')
    .column('created_at')
    .execute()

  await db.schema
    .createTable('recipient')
    .addColumn('user_id', column.id, (c) => c.primaryKey())
    .addColumn('locale', column.text)
    .addColumn('unread', column.number, (c) => c.notNull())
    .execute()

  await db.schema
    .createTable('preference')
    .addColumn('user_id', column.id, (c) => c.notNull())
    .addColumn('type', column.text, (c) => c.notNull())
    .addColumn('in_app', column.flag, (c) => c.notNull())
    .addColumn('email', column.flag, (c) => c.notNull())
    .addPrimaryKeyConstraint('preference_key', ['user_id', 'type'])
    .execute()

  await db.schema
    .createTable('mail')
    .addColumn('id', column.id, (c) => c.primaryKey())
    .addColumn('source', column.text, (c) => c.notNull().unique())
    .addColumn('user_id', column.id)
    .addColumn('recipient', column.text)
    .addColumn('locale', column.text)
    .addColumn('template', column.text, (c) => c.notNull())
    .addColumn('data', column.json, (c) => c.notNull())
    .addColumn('state', column.text, (c) => c.notNull())
    .addColumn('via', column.text)
    .addColumn('attempts', column.number, (c) => c.notNull())
    .addColumn('cause', column.text)
    .addColumn('subject', column.text)
    .addColumn('text', column.text)
    .addColumn('html', column.text)
    .addColumn('created_at', column.time, (c) => c.notNull())
    .addColumn('sent_at', column.time)
    .addColumn('next_attempt_at', column.time)
    .execute()

  // Serves findDueMail; empty for all that is sent or failed.
  await db.schema
    .createIndex('mail_by_next_attempt')
    .on('mail')
    .column('next_attempt_at')
    .where('next_attempt_at' as never, 'is not', null)
    .execute()

  // Serves deleteOldMail.
  await db.schema.createIndex('mail_by_time').on('mail').column('created_at').execute()

  // Serves listMail by state.
  await db.schema.createIndex('mail_by_state').on('mail').columns(['state', 'id desc']).execute()

  // Serves listMail by address.
  await db.schema
    .createIndex('mail_by_recipient')
    .on('mail')
    .columns(['recipient', 'id desc'])
    .execute()

  // Serves listMail of what lies in the local outbox.
  await db.schema.createIndex('mail_by_via').on('mail').columns(['via', 'id desc']).execute()
}
