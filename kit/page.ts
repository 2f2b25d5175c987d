import { kitFailure } from './failure.ts'

/**
 * Keyset pages: a cursor holds the sort values of the row at its edge, so that page 50,000 costs
 * what page 1 does. `back` turns the direction for the way to the previous page.
 */
export type Cursor<Position> = { at: Position; back?: true }

export type PageRequest<Position> = { limit: number; cursor: Cursor<Position> | undefined }

export type Page<Item> = {
  items: Item[]
  next: string | null
  previous: string | null
}

/** Reads what `toPage` wrote; refuses anything else by naming the field. */
export function readCursor<Position>(
  text: string | undefined,
  isPosition: (value: unknown) => value is Position,
): Cursor<Position> | undefined {
  if (text === undefined) return undefined
  try {
    const value = JSON.parse(Buffer.from(text, 'base64url').toString()) as Cursor<unknown>
    if (isPosition(value.at)) return { at: value.at, ...(value.back && { back: true }) }
  } catch {
    // Falls through to the same answer: the text is not one of ours.
  }
  throw kitFailure('invalid_input', 'This cursor was not made for this list.', {
    errors: [{ field: 'cursor', message: 'This cursor was not made for this list.' }],
  })
}

/** A position that is a row of strings and integers, the usual shape of sort values. */
export function isTuple<const Kinds extends readonly ('string' | 'number')[]>(kinds: Kinds) {
  type Tuple = { -readonly [I in keyof Kinds]: Kinds[I] extends 'string' ? string : number }
  return (value: unknown): value is Tuple =>
    Array.isArray(value) &&
    value.length === kinds.length &&
    value.every((part, index) =>
      kinds[index] === 'string' ? typeof part === 'string' : Number.isSafeInteger(part),
    )
}

/**
 * Makes a page of rows that were asked for one more than `limit`, in the order of reading: for a
 * cursor that points back that order is reversed, and turned here.
 */
export function toPage<Row, Item, Position>(
  rows: readonly Row[],
  { limit, cursor }: PageRequest<Position>,
  positionOf: (row: Row) => Position,
  toItem: (row: Row) => Item,
): Page<Item> {
  const more = rows.length > limit
  const read = more ? rows.slice(0, limit) : rows
  const shown = cursor?.back ? read.toReversed() : read
  const first = shown[0]
  const last = shown.at(-1)
  const hasNext = cursor?.back ? true : more
  const hasPrevious = cursor?.back ? more : cursor !== undefined
  return {
    items: shown.map(toItem),
    next: hasNext && last ? writeCursor({ at: positionOf(last) }) : null,
    previous: hasPrevious && first ? writeCursor({ at: positionOf(first), back: true }) : null,
  }
}

function writeCursor(cursor: Cursor<unknown>): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url')
}
