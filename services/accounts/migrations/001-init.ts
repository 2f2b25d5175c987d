import type { Kysely } from 'kysely'
import { column } from '../../../kit/db/columns.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('account')
    .addColumn('id', column.id, (c) => c.primaryKey())
    .addColumn('username', column.text, (c) => c.notNull())
    .addColumn('username_key', column.text, (c) => c.notNull().unique())
    .addColumn('email', column.text, (c) => c.notNull().unique())
    .addColumn('password_hash', column.text, (c) => c.notNull())
    .addColumn('role', column.text, (c) => c.notNull())
    .addColumn('confirmed_at', column.time)
    .addColumn('blocked_at', column.time)
    .addColumn('block_reason', column.text)
    .addColumn('blocked_until', column.time)
    .addColumn('terms_accepted_at', column.time, (c) => c.notNull())
    .addColumn('terms_version', column.text, (c) => c.notNull())
    .addColumn('tokens_valid_from', column.time)
    .addColumn('last_login_at', column.time)
    .addColumn('registered_at', column.time, (c) => c.notNull())
    .execute()

  // Serves listAccounts: newest first, ties broken by id.
  await db.schema
    .createIndex('account_by_time')
    .on('account')
    .columns(['registered_at', 'id'])
    .execute()

  // Serves listAccounts of one role, and countOtherAdmins.
  await db.schema
    .createIndex('account_by_role')
    .on('account')
    .columns(['role', 'registered_at', 'id'])
    .execute()

  // Serves findEndedBlocks.
  await db.schema
    .createIndex('account_by_block_end')
    .on('account')
    .column('blocked_until')
    .execute()

  // Serves listVoidTokens.
  await db.schema
    .createIndex('account_by_tokens_valid_from')
    .on('account')
    .column('tokens_valid_from')
    .execute()

  await db.schema
    .createTable('session')
    .addColumn('id', column.id, (c) => c.primaryKey())
    .addColumn('user_id', column.id, (c) =>
      c.notNull().references('account.id').onDelete('cascade'),
    )
    .addColumn('family', column.text, (c) => c.notNull().unique())
    .addColumn('token_hash', column.text, (c) => c.notNull())
    .addColumn('previous', column.json)
    .addColumn('shared_until', column.time, (c) => c.notNull())
    .addColumn('ip', column.text, (c) => c.notNull())
    .addColumn('user_agent', column.text, (c) => c.notNull())
    .addColumn('created_at', column.time, (c) => c.notNull())
    .addColumn('last_active_at', column.time, (c) => c.notNull())
    .addColumn('expires_at', column.time, (c) => c.notNull())
    .execute()

  // Serves listSessions and everything that ends the sessions of one account.
  await db.schema
    .createIndex('session_by_user')
    .on('session')
    .columns(['user_id', 'created_at', 'id'])
    .execute()

  // Serves forgetExpired.
  await db.schema.createIndex('session_by_expiry').on('session').column('expires_at').execute()

  await db.schema
    .createTable('revocation')
    .addColumn('session_id', column.id, (c) => c.primaryKey())
    .addColumn('until', column.time, (c) => c.notNull())
    .execute()

  // Serves listRevocations, and forgetting those that are over.
  await db.schema.createIndex('revocation_by_time').on('revocation').column('until').execute()

  await db.schema
    .createTable('one_time_token')
    .addColumn('token_hash', column.text, (c) => c.primaryKey())
    .addColumn('kind', column.text, (c) => c.notNull())
    .addColumn('user_id', column.id, (c) =>
      c.notNull().references('account.id').onDelete('cascade'),
    )
    .addColumn('expires_at', column.time, (c) => c.notNull())
    .addColumn('used_at', column.time)
    .execute()

  // Serves the replacement of a person's token by a newer one of its kind.
  await db.schema
    .createIndex('one_time_token_by_user')
    .on('one_time_token')
    .columns(['user_id', 'kind'])
    .execute()

  // Serves forgetOneTimeTokens.
  await db.schema
    .createIndex('one_time_token_by_expiry')
    .on('one_time_token')
    .column('expires_at')
    .execute()

  await db.schema
    .createTable('invitation')
    .addColumn('id', column.id, (c) => c.primaryKey())
    .addColumn('code_hash', column.text, (c) => c.notNull().unique())
    .addColumn('note', column.text)
    .addColumn('uses', column.number, (c) => c.notNull())
    .addColumn('uses_left', column.number, (c) => c.notNull())
    .addColumn('created_by', column.id, (c) => c.notNull())
    .addColumn('created_at', column.time, (c) => c.notNull())
    .addColumn('expires_at', column.time, (c) => c.notNull())
    .execute()

  // Serves listInvitations: newest first, ties broken by id.
  await db.schema
    .createIndex('invitation_by_time')
    .on('invitation')
    .columns(['created_at', 'id'])
    .execute()

  await db.schema
    .createTable('site')
    .addColumn('id', column.id, (c) => c.primaryKey())
    .addColumn('site_name', column.text, (c) => c.notNull())
    .addColumn('registration', column.text, (c) => c.notNull())
    .addColumn('changed_at', column.time, (c) => c.notNull())
    .execute()
}
