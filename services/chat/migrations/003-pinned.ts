import type { Kysely } from 'kysely'
import { column } from '../../../kit/db/columns.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('participant')
    .addColumn('pinned', column.flag, (c) => c.notNull().defaultTo(0))
    .execute()
}
