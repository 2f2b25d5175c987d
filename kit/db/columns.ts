import type { ColumnDataType } from 'kysely'

/**
 * The kinds of column a service may use, so that both databases store the same values: ids and
 * ISO 8601 times as text (it sorts by code point), flags as 0 or 1, JSON as text, integers of 64
 * bits. An integer that is the primary key is given out by the database, each higher than those
 * before it.
 */
export const column = {
  id: 'text',
  text: 'text',
  time: 'text',
  flag: 'integer',
  number: 'integer',
  real: 'real',
  json: 'text',
} as const satisfies Record<string, ColumnDataType>

/** How a flag lies in a row. */
export type Flag = 0 | 1

export function toFlag(value: boolean): Flag {
  return value ? 1 : 0
}
