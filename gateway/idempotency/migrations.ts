import type { Kysely } from 'kysely'
import { column } from '../../kit/db/columns.ts'
import type { Migrations } from '../../kit/db/migrate.ts'

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('idempotency_key')
    .addColumn('id', column.id, (c) => c.primaryKey())
    .addColumn('fingerprint', column.text, (c) => c.notNull())
    .addColumn('outcome', column.json)
    .addColumn('reserved_at', column.time, (c) => c.notNull())
    .execute()

  // Serves forgetBefore: what nobody repeats any more.
  await db.schema
    .createIndex('idempotency_key_by_time')
    .on('idempotency_key')
    .column('reserved_at')
    .execute()
}

export const gatewayMigrations: Migrations = { '001-init': { up } }
