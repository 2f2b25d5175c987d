// What the two databases must be told differently, where a query or a migration cannot avoid it.
import { type CreateTableBuilder, type Kysely, PostgresAdapter, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: which tables there are makes no difference.
type AnyDb = Kysely<any>

export function isPostgres(db: AnyDb): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter
}

/** Spares a table of nothing but its key the second copy that SQLite would keep. */
export function keyOnly(db: AnyDb) {
  return <Name extends string, Column extends string>(table: CreateTableBuilder<Name, Column>) =>
    isPostgres(db) ? table : table.modifyEnd(sql`without rowid`)
}

/**
 * Makes the rows that a query reads wait for, and then keep away, everybody else who reads them
 * so or changes them, until the transaction ends. SQLite has one writer at a time anyway.
 *
 * ```ts
 * tx.selectFrom('account').selectAll().where('id', '=', id).$call(forChange(tx))
 * ```
 */
export function forChange(db: AnyDb) {
  return <Query extends { forNoKeyUpdate(): Query }>(query: Query): Query =>
    isPostgres(db) ? query.forNoKeyUpdate() : query
}

/** How each database says that a key is taken: an extended code, or an SQLSTATE. */
const takenOnSqlite = [1555, 2067]
const takenOnPostgres = '23505'

/**
 * The outcome of a write, or nothing when it would have given two rows one key. On PostgreSQL the
 * transaction can only be rolled back after that, so throw a failure.
 */
export async function unlessTaken<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write
  } catch (error) {
    const { errcode, code } = error as { errcode?: number; code?: string }
    if (takenOnSqlite.includes(errcode ?? 0) || code === takenOnPostgres) return undefined
    throw error
  }
}

/**
 * Lets a transaction end before it is on disk: for what may come back after a crash, and is then
 * done again. SQLite shares one flush among all transactions that wait, and needs no such word.
 */
export async function commitLazily(tx: AnyDb): Promise<void> {
  if (isPostgres(tx)) await sql`set local synchronous_commit = off`.execute(tx)
}
