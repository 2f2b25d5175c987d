import { type Kysely, sql } from 'kysely'
import { column } from '../../../kit/db/columns.ts'
import { createTextIndex } from '../../../kit/db/text-index.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTextIndex(db, 'message_search')

  await db.schema
    .createTable('search_cursor')
    .addColumn('id', column.number, (c) => c.primaryKey())
    .addColumn('position', column.number, (c) => c.notNull())
    .execute()
  await sql`insert into search_cursor(id, position) values (1, 0)`.execute(db)

  await db.schema
    .createTable('search_task')
    .addColumn('position', column.number, (c) => c.primaryKey())
    .execute()
}
