import type { Kysely } from 'kysely'
import { column } from '../../../kit/db/columns.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit_entry')
    .addColumn('id', column.id, (c) => c.primaryKey())
    .addColumn('at', column.time, (c) => c.notNull())
    .addColumn('action', column.text, (c) => c.notNull())
    .addColumn('noun', column.text, (c) => c.notNull())
    .addColumn('outcome', column.text, (c) => c.notNull())
    .addColumn('actor_id', column.id)
    .addColumn('subject_id', column.id)
    .addColumn('ip', column.text, (c) => c.notNull())
    .addColumn('user_agent', column.text, (c) => c.notNull())
    .addColumn('detail', column.json, (c) => c.notNull())
    .addColumn('request_id', column.text, (c) => c.notNull())
    .addColumn('service', column.text, (c) => c.notNull())
    .execute()

  // Serves listAudit without a filter or between two times, and deleteOldEntries.
  await db.schema
    .createIndex('audit_entry_by_time')
    .on('audit_entry')
    .columns(['at desc', 'id desc'])
    .execute()

  // Each serves listAudit with the filter that it is named after.
  for (const filter of ['actor_id', 'subject_id', 'action', 'noun', 'outcome']) {
    await db.schema
      .createIndex(`audit_entry_by_${filter}`)
      .on('audit_entry')
      .columns([filter, 'at desc', 'id desc'])
      .execute()
  }
}
