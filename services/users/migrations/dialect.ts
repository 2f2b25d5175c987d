// What the two databases must be told differently.
import {
  type ColumnDefinitionBuilder,
  type CreateTableBuilder,
  type Kysely,
  PostgresAdapter,
  sql,
} from 'kysely'

/**
 * Makes a text column compare by code point, as SQLite does by itself. PostgreSQL would follow
 * the language of the database, in which the texts with one beginning need not lie together.
 */
export function byCodePoint(db: Kysely<unknown>) {
  return (column: ColumnDefinitionBuilder) =>
    isPostgres(db) ? column.modifyEnd(sql`collate "C"`) : column
}

/** Spares a table of nothing but its key the second copy that SQLite would keep. */
export function keyOnly(db: Kysely<unknown>) {
  return <Name extends string, Column extends string>(table: CreateTableBuilder<Name, Column>) =>
    isPostgres(db) ? table : table.modifyEnd(sql`without rowid`)
}

function isPostgres(db: Kysely<unknown>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter
}
