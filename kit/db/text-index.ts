import { type Kysely, sql } from 'kysely'
import { isPostgres } from './dialect.ts'
import { prepared } from './prepared.ts'

/**
 * An index of texts by the terms in them, on either database: which of the rows at some positions
 * have all of these terms? Terms are made by who uses it, of letters, digits and characters from
 * U+0080 up. It holds the terms only, and no text.
 */

// biome-ignore lint/suspicious/noExplicitAny: the tables are of whoever has the index among them.
type AnyDb = Kysely<any>

export type TermsRequest = {
  /** A text holds all of these, */
  terms: readonly string[]
  /** and, if given, one of these. */
  oneOf: readonly string[]
  /** Positions between which to look, both excluded. */
  above: number
  below: number
  order: 'asc' | 'desc'
  limit: number
}

export type TextIndex = {
  insert(db: AnyDb, position: number, terms: Iterable<string>): Promise<void>
  remove(db: AnyDb, position: number): Promise<void>
  /** Goes on tidying up what many small changes leave behind; a millisecond or two of it. */
  merge(db: AnyDb): Promise<void>
  /** Positions of texts with these terms, in order. */
  list(db: AnyDb, request: TermsRequest): Promise<number[]>
}

/** Makes the table of an index, in a migration. */
export async function createTextIndex(db: AnyDb, table: string): Promise<void> {
  if (isPostgres(db)) {
    await sql`create table ${sql.table(table)} (
      position bigint primary key, terms text[] collate "C" not null
    )`.execute(db)
    await sql`create index ${sql.ref(`${table}_by_term`)} on ${sql.table(table)} using gin (terms)`.execute(
      db,
    )
    // A term that is in nearly all texts shall be known as such, however many terms there are.
    await sql`alter table ${sql.table(table)} alter column terms set statistics 1000`.execute(db)
    return
  }
  // `ascii` takes every character from U+0080 up as part of a term.
  await sql`create virtual table ${sql.table(table)} using fts5(
    terms, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
  )`.execute(db)
  // Merging is asked for in small portions: left to itself, SQLite merges at times that it
  // chooses, and for as long as it takes.
  const settings = { automerge: 0, crisismerge: 1_000, usermerge: 8 }
  for (const [name, value] of Object.entries(settings)) {
    // A parameter would be bound as a fraction, which FTS5 refuses.
    await sql`insert into ${sql.table(table)}(${sql.ref(table)}, rank)
      values (${name}, ${sql.lit(value)})`.execute(db)
  }
}

export function textIndex(table: string): TextIndex {
  const onSqlite = createSqliteIndex(table)
  const onPostgres = createPostgresIndex(table)
  const of = (db: AnyDb) => (isPostgres(db) ? onPostgres : onSqlite)
  return {
    insert: (db, position, terms) => of(db).insert(db, position, terms),
    remove: (db, position) => of(db).remove(db, position),
    merge: (db) => of(db).merge(db),
    list: (db, request) => of(db).list(db, request),
  }
}

/** Pages that one call of `merge` rewrites: a millisecond or two. */
const mergedPages = 16

type Match = { match: string; above: bigint; below: bigint; limit: number }

function createSqliteIndex(table: string): TextIndex {
  // FTS5 takes a row's number as such only from a bigint: others are bound as fractions.
  const insert = prepared((db: AnyDb, value: { rowid: bigint; terms: string }) =>
    db.insertInto(table).values({ rowid: value.rowid, terms: value.terms }),
  )
  const remove = prepared((db: AnyDb, value: { rowid: bigint }) =>
    db.deleteFrom(table).where('rowid', '=', value.rowid),
  )
  const matching = (db: AnyDb, { match, above, below, limit }: Match) =>
    db
      .selectFrom(table)
      .select('rowid')
      .where(sql<boolean>`${sql.ref(table)} match ${match}`)
      .where('rowid', '>', above)
      .where('rowid', '<', below)
      .limit(limit)
  const select = {
    asc: prepared((db: AnyDb, value: Match) => matching(db, value).orderBy('rowid', 'asc')),
    desc: prepared((db: AnyDb, value: Match) => matching(db, value).orderBy('rowid', 'desc')),
  }

  return {
    async insert(db, position, terms) {
      await insert(db, { rowid: BigInt(position), terms: [...terms].join(' ') })
    },
    async remove(db, position) {
      await remove(db, { rowid: BigInt(position) })
    },
    async merge(db) {
      await sql`insert into ${sql.table(table)}(${sql.ref(table)}, rank)
        values ('merge', ${mergedPages})`.execute(db)
    },
    async list(db, { terms, oneOf, above, below, order, limit }) {
      const all = terms.map(quote).join(' AND ')
      const match = oneOf.length > 0 ? `(${all}) AND (${oneOf.map(quote).join(' OR ')})` : all
      const value = { match, above: BigInt(above), below: BigInt(below), limit }
      const rows = await select[order](db, value)
      return rows.map(({ rowid }) => Number(rowid))
    },
  }
}

function quote(term: string): string {
  return `"${term}"`
}

function createPostgresIndex(table: string): TextIndex {
  return {
    async insert(db, position, terms) {
      await sql`insert into ${sql.table(table)} (position, terms)
        values (${position}, ${[...terms]})`.execute(db)
    },
    async remove(db, position) {
      await sql`delete from ${sql.table(table)} where position = ${position}`.execute(db)
    },
    // PostgreSQL merges new entries by itself, when enough have come together or at a vacuum.
    async merge() {},
    /** Planned anew each time: what is best depends on how rare the terms are. */
    async list(db, { terms, oneOf, above, below, order, limit }) {
      const one = oneOf.length > 0 ? sql`and terms && ${oneOf}::text[]` : sql``
      const { rows } = await sql<{ position: number }>`
        select position from ${sql.table(table)}
        where terms @> ${terms}::text[] ${one} and position > ${above} and position < ${below}
        order by position ${sql.raw(order)} limit ${limit}
      `.execute(db)
      return rows.map(({ position }) => position)
    },
  }
}
