import { sql } from 'kysely'
import { prepared } from '../../../kit/db/prepared.ts'
import type { ChatDb, ChatTx } from '../tables.ts'

/**
 * The index of message texts in SQLite: an FTS5 table of terms by message position. Its terms
 * are made by `folding.ts`; PostgreSQL keeps the same ones as an array with a GIN index.
 */

export async function insertTerms(tx: ChatTx, position: number, terms: string): Promise<void> {
  await insert(tx, { rowid: BigInt(position), terms })
}

export async function deleteTerms(tx: ChatTx, position: number): Promise<void> {
  await remove(tx, { rowid: BigInt(position) })
}

// FTS5 takes a row's number as such only from a bigint: others are bound as fractions.

const insert = prepared((db: ChatDb, value: { rowid: bigint; terms: string }) =>
  db.insertInto('messageSearch').values({ rowid: value.rowid, grams: value.terms }),
)

const remove = prepared((db: ChatDb, value: { rowid: bigint }) =>
  db.deleteFrom('messageSearch').where('rowid', '=', value.rowid),
)

/** Pages that one call of `mergeTerms` rewrites: a few milliseconds. */
const mergedPages = 32

/** Goes on merging the parts that each bite of indexing leaves behind. */
export async function mergeTerms(tx: ChatTx): Promise<void> {
  await sql`insert into message_search(message_search, rank) values ('merge', ${mergedPages})`.execute(
    tx,
  )
}

export type TermsRequest = {
  /** A message holds all of these, */
  terms: readonly string[]
  /** and, if given, one of these. */
  oneOf: readonly string[]
  /** Positions between which to look, both excluded. */
  above: number
  below: number
  order: 'asc' | 'desc'
  limit: number
}

/** Positions of messages that may match: what the terms say, and not yet what the text says. */
export async function listCandidates(db: ChatDb, request: TermsRequest): Promise<number[]> {
  const all = request.terms.map(quote).join(' AND ')
  const match =
    request.oneOf.length > 0 ? `(${all}) AND (${request.oneOf.map(quote).join(' OR ')})` : all
  const above = BigInt(request.above)
  const below = BigInt(request.below)
  const value = { match, above, below, limit: request.limit }
  const rows = await selectCandidates[request.order](db, value)
  return rows.map(({ rowid }) => Number(rowid))
}

type Match = { match: string; above: bigint; below: bigint; limit: number }

const selectCandidates = {
  asc: prepared((db: ChatDb, value: Match) => matching(db, value).orderBy('rowid', 'asc')),
  desc: prepared((db: ChatDb, value: Match) => matching(db, value).orderBy('rowid', 'desc')),
}

function matching(db: ChatDb, { match, above, below, limit }: Match) {
  return db
    .selectFrom('messageSearch')
    .select('rowid')
    .where(sql<boolean>`message_search match ${match}`)
    .where('rowid', '>', above)
    .where('rowid', '<', below)
    .limit(limit)
}

function quote(term: string): string {
  return `"${term}"`
}
