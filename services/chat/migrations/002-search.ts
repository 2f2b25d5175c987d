import { type Kysely, sql } from 'kysely'
import { column } from '../../../kit/db/columns.ts'

/**
 * The index of message texts. It holds terms only, no text: `ascii` takes every character from
 * U+0080 up as part of a term, which is what the terms are made for.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create virtual table message_search using fts5(
    grams, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
  )`.execute(db)
  // Merging is asked for in small portions: left to itself, SQLite merges at times that it
  // chooses, and for as long as it takes.
  const settings = { automerge: 0, crisismerge: 1_000, usermerge: 8 }
  for (const [name, value] of Object.entries(settings)) {
    // A parameter would be bound as a fraction, which FTS5 refuses.
    await sql`insert into message_search(message_search, rank)
      values (${name}, ${sql.lit(value)})`.execute(db)
  }

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
