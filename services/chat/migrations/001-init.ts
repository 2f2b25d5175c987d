import { type Kysely, sql } from 'kysely'
import { column } from '../../../kit/db/columns.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('conversation')
    .addColumn('id', column.id, (c) => c.primaryKey())
    .addColumn('type', column.text, (c) => c.notNull())
    .addColumn('name', column.text)
    .addColumn('description', column.text)
    .addColumn('avatar', column.text)
    .addColumn('pair', column.text, (c) => c.unique())
    .addColumn('created_by', column.id, (c) => c.notNull())
    .addColumn('created_at', column.time, (c) => c.notNull())
    .addColumn('active_at', column.time, (c) => c.notNull())
    .addColumn('member_count', column.number, (c) => c.notNull())
    .addColumn('last_seq', column.number, (c) => c.notNull())
    .addColumn('version', column.number, (c) => c.notNull())
    .addColumn('header_version', column.number, (c) => c.notNull())
    .addColumn('members_version', column.number, (c) => c.notNull())
    .addColumn('deleted_at', column.time)
    .execute()

  // Serves findDeleted: conversations whose messages are to be erased.
  await db.schema
    .createIndex('conversation_deleted')
    .on('conversation')
    .column('deleted_at')
    .where('deleted_at', 'is not', null)
    .execute()

  // Its key serves membership checks and the list of members.
  await db.schema
    .createTable('participant')
    .addColumn('conversation_id', column.id, (c) => c.notNull())
    .addColumn('user_id', column.id, (c) => c.notNull())
    .addColumn('admin', column.flag, (c) => c.notNull())
    .addColumn('joined_at', column.time, (c) => c.notNull())
    .addColumn('sent', column.number, (c) => c.notNull().defaultTo(0))
    .addColumn('read_seq', column.number, (c) => c.notNull())
    .addColumn('read_sent', column.number, (c) => c.notNull().defaultTo(0))
    .addColumn('receipt_seq', column.number, (c) => c.notNull().defaultTo(0))
    .addColumn('receipt_version', column.number, (c) => c.notNull().defaultTo(0))
    .addColumn('cleared_seq', column.number, (c) => c.notNull().defaultTo(0))
    .addColumn('archived_seq', column.number)
    .addColumn('hidden_seq', column.number)
    .addColumn('muted', column.flag, (c) => c.notNull().defaultTo(0))
    .addColumn('muted_until', column.time)
    .addPrimaryKeyConstraint('participant_key', ['conversation_id', 'user_id'])
    .execute()

  // Serves listConversations, unread counts, search and rooms: what one person is in.
  await db.schema
    .createIndex('participant_by_user')
    .on('participant')
    .columns(['user_id', 'conversation_id'])
    .execute()

  // Serves listReceipts: who has read further since a version.
  await db.schema
    .createIndex('participant_by_receipt')
    .on('participant')
    .columns(['conversation_id', 'receipt_version'])
    .execute()

  await db.schema
    .createTable('message')
    .addColumn('position', column.number, (c) => c.primaryKey())
    .addColumn('conversation_id', column.id, (c) => c.notNull())
    .addColumn('seq', column.number, (c) => c.notNull())
    .addColumn('version', column.number, (c) => c.notNull())
    .addColumn('first_version', column.number, (c) => c.notNull())
    .addColumn('sender_id', column.id, (c) => c.notNull())
    .addColumn('uuid', column.text, (c) => c.notNull())
    .addColumn('content', column.text, (c) => c.notNull())
    .addColumn('reply_seq', column.number)
    .addColumn('reactions', column.json)
    .addColumn('created_at', column.time, (c) => c.notNull())
    .addColumn('edited_at', column.time)
    .addColumn('deleted_at', column.time)
    // Serves sendMessage: a repetition finds what the first attempt stored.
    .addUniqueConstraint('message_by_uuid', ['sender_id', 'uuid'])
    // Serves whatever names a message, listMessages in both directions, and the last message.
    .addUniqueConstraint('message_by_seq', ['conversation_id', 'seq'])
    .execute()

  // Serves catchUp: what changed since a version, in that order.
  await db.schema
    .createIndex('message_by_version')
    .on('message')
    .columns(['conversation_id', 'version'])
    .execute()

  // Serves unread counts: messages that are there no more do not count.
  await db.schema
    .createIndex('message_deleted')
    .on('message')
    .columns(['conversation_id', 'seq', 'sender_id'])
    .where(sql<boolean>`deleted_at is not null`)
    .execute()

  // Its key serves the count of unread mentions.
  await db.schema
    .createTable('mention')
    .addColumn('user_id', column.id, (c) => c.notNull())
    .addColumn('conversation_id', column.id, (c) => c.notNull())
    .addColumn('seq', column.number, (c) => c.notNull())
    .addPrimaryKeyConstraint('mention_key', ['user_id', 'conversation_id', 'seq'])
    .execute()

  // Serves deleteMentions: those of a message that is edited or deleted.
  await db.schema
    .createIndex('mention_by_message')
    .on('mention')
    .columns(['conversation_id', 'seq'])
    .execute()

  await db.schema
    .createTable('pin')
    .addColumn('position', column.number, (c) => c.primaryKey())
    .addColumn('conversation_id', column.id, (c) => c.notNull())
    .addColumn('seq', column.number, (c) => c.notNull())
    // Serves listPinned, and pins each message once.
    .addUniqueConstraint('pin_once', ['conversation_id', 'seq'])
    .execute()

  await db.schema
    .createTable('block')
    .addColumn('blocker_id', column.id, (c) => c.notNull())
    .addColumn('blocked_id', column.id, (c) => c.notNull())
    .addColumn('pair', column.text, (c) => c.notNull())
    .addPrimaryKeyConstraint('block_key', ['blocker_id', 'blocked_id'])
    .execute()

  // Serves sendMessage: whether either of two has blocked the other.
  await db.schema.createIndex('block_by_pair').on('block').column('pair').execute()
}
