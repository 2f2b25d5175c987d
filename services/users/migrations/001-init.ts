import type { Kysely } from 'kysely'
import { column } from '../../../kit/db/columns.ts'
import { keyOnly } from '../../../kit/db/dialect.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('profile')
    .addColumn('id', column.id, (c) => c.primaryKey())
    .addColumn('username', column.text, (c) => c.notNull())
    .addColumn('username_key', column.text, (c) => c.notNull())
    .addColumn('display_name', column.text, (c) => c.notNull())
    .addColumn('display_name_key', column.text, (c) => c.notNull())
    .addColumn('email', column.text, (c) => c.notNull())
    .addColumn('phone_number', column.text)
    .addColumn('public_email', column.flag, (c) => c.notNull())
    .addColumn('role', column.text, (c) => c.notNull())
    .addColumn('blocked', column.flag, (c) => c.notNull())
    .addColumn('first_name', column.text)
    .addColumn('last_name', column.text)
    .addColumn('title', column.text)
    .addColumn('bio', column.text)
    .addColumn('country', column.text)
    .addColumn('twitter', column.text)
    .addColumn('linked_in', column.text)
    .addColumn('personal_website', column.text)
    .addColumn('avatar', column.text)
    .addColumn('locale', column.text)
    .addColumn('settings', column.json, (c) => c.notNull())
    .addColumn('registered_at', column.time, (c) => c.notNull())
    .addColumn('updated_at', column.time, (c) => c.notNull())
    .execute()

  // Serve listPeople in each of its orders; the first one also findProfilesNamed.
  for (const [name, key] of [
    ['profile_by_username', 'username_key'],
    ['profile_by_display_name', 'display_name_key'],
    ['profile_by_registration', 'registered_at'],
  ] as const) {
    await db.schema.createIndex(name).on('profile').columns(['blocked', key, 'id']).execute()
  }

  // Its key serves listPeople with a search: what begins with the searched text lies together.
  await db.schema
    .createTable('name_part')
    .addColumn('part', column.text, (c) => c.notNull())
    .addColumn('user_id', column.id, (c) => c.notNull())
    .addPrimaryKeyConstraint('name_part_key', ['part', 'user_id'])
    .$call(keyOnly(db))
    .execute()

  await db.schema
    .createTable('block')
    .addColumn('user_id', column.id, (c) => c.notNull())
    .addColumn('blocked_id', column.id, (c) => c.notNull())
    .addColumn('created_at', column.time, (c) => c.notNull())
    .addPrimaryKeyConstraint('block_key', ['user_id', 'blocked_id'])
    .execute()

  // Serves everything that asks who has blocked a person.
  await db.schema
    .createIndex('block_by_blocked')
    .on('block')
    .columns(['blocked_id', 'user_id'])
    .execute()

  // Serves listBlocked.
  await db.schema
    .createIndex('block_by_time')
    .on('block')
    .columns(['user_id', 'created_at', 'blocked_id'])
    .execute()

  // No index by seen_at: it would be written with every renewal, and is read every few seconds.
  await db.schema
    .createTable('connection')
    .addColumn('gateway_id', column.id, (c) => c.notNull())
    .addColumn('id', column.id, (c) => c.notNull())
    .addColumn('user_id', column.id, (c) => c.notNull())
    .addColumn('seen_at', column.time, (c) => c.notNull())
    .addPrimaryKeyConstraint('connection_key', ['gateway_id', 'id'])
    .execute()

  // Serves isConnected.
  await db.schema.createIndex('connection_by_user').on('connection').column('user_id').execute()

  await db.schema
    .createTable('presence')
    .addColumn('user_id', column.id, (c) => c.primaryKey())
    .addColumn('online', column.flag, (c) => c.notNull())
    .addColumn('status', column.text, (c) => c.notNull())
    .addColumn('last_seen_at', column.time)
    .addColumn('left_at', column.time)
    .execute()

  // Serves listLeft; empty but for those who have just gone.
  await db.schema
    .createIndex('presence_by_leaving')
    .on('presence')
    .column('left_at')
    .where('left_at' as never, 'is not', null)
    .execute()
}
