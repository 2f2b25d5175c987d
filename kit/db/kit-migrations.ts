import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { column } from './columns.ts'

/** Tables that every service's database has: what goes out, what came in, what waits. */
async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('outbox')
    .addColumn('position', 'integer', (c) => c.primaryKey())
    .addColumn('id', column.id, (c) => c.notNull())
    .addColumn('event', column.text, (c) => c.notNull())
    .addColumn('key', column.text, (c) => c.notNull())
    .addColumn('payload', column.json, (c) => c.notNull())
    .addColumn('occurred_at', column.time, (c) => c.notNull())
    .addColumn('request_id', column.text, (c) => c.notNull())
    .addColumn('traceparent', column.text, (c) => c.notNull())
    .execute()

  await db.schema
    .createTable('outbox_offset')
    .addColumn('reader', column.text, (c) => c.primaryKey())
    .addColumn('position', 'integer', (c) => c.notNull())
    .execute()

  await db.schema
    .createTable('inbox')
    .addColumn('event_id', column.id, (c) => c.primaryKey())
    .addColumn('received_at', column.time, (c) => c.notNull())
    .execute()

  // Serves forgetInbox: what is too old to be delivered again.
  await db.schema.createIndex('inbox_by_time').on('inbox').column('received_at').execute()

  await db.schema
    .createTable('parked_event')
    .addColumn('position', 'integer', (c) => c.primaryKey())
    .addColumn('id', column.id, (c) => c.notNull().unique())
    .addColumn('state', column.text, (c) => c.notNull())
    .addColumn('order_key', column.text, (c) => c.notNull())
    .addColumn('record', column.json, (c) => c.notNull())
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('cause', column.text, (c) => c.notNull())
    .addColumn('parked_at', column.time, (c) => c.notNull())
    .addColumn('next_attempt_at', column.time, (c) => c.notNull())
    .execute()

  // Serves isKeyParked and findWaiting: the oldest waiting event of each key.
  await db.schema
    .createIndex('parked_event_by_key')
    .on('parked_event')
    .columns(['state', 'order_key', 'position'])
    .execute()
}

export const kitMigrations: Readonly<Record<string, Migration>> = { '000-kit': { up } }
