import { expect, test } from 'vitest'
import { type Cursor, isTuple, readCursor, toPage } from './page.ts'

const isPosition = isTuple(['number'])

/** Reads numbers 1…n as a store would: one more than asked for, from the cursor on. */
function read(n: number, limit: number, cursor: Cursor<[number]> | undefined) {
  const all = Array.from({ length: n }, (_, i) => i + 1)
  const from = cursor?.at[0] ?? 0
  const rows = cursor?.back
    ? all.filter((row) => row < from).toReversed()
    : all.filter((row) => row > from)
  return toPage(
    rows.slice(0, limit + 1),
    { limit, cursor },
    (row): [number] => [row],
    (row) => row,
  )
}

test('pages lead forward to the end and back to the beginning', () => {
  const first = read(7, 3, undefined)
  const second = read(7, 3, readCursor(first.next ?? '', isPosition))
  const third = read(7, 3, readCursor(second.next ?? '', isPosition))

  expect([first.items, second.items, third.items]).toEqual([[1, 2, 3], [4, 5, 6], [7]])
  expect(first.previous).toBeNull()
  expect(third.next).toBeNull()

  const backToSecond = read(7, 3, readCursor(third.previous ?? '', isPosition))
  const backToFirst = read(7, 3, readCursor(backToSecond.previous ?? '', isPosition))
  expect(backToSecond.items).toEqual([4, 5, 6])
  expect(backToFirst.items).toEqual([1, 2, 3])
  expect(backToFirst.previous).toBeNull()
  expect(backToFirst.next).not.toBeNull()
})

test('an empty list has no neighbours', () => {
  expect(read(0, 3, undefined)).toEqual({ items: [], next: null, previous: null })
})

const encode = (text: string) => Buffer.from(text).toString('base64url')

test.each([
  '',
  'x',
  '!!!',
  encode('{"at":["a"]}'),
  encode('{"at":[1.5]}'),
  encode('{"at":[1e300]}'),
  'bnVsbA',
])('a cursor that is not ours is refused by name: %j', (text) => {
  expect(() => readCursor(text, isPosition)).toThrow(
    expect.objectContaining({
      code: 'invalid_input',
      errors: [expect.objectContaining({ field: 'cursor' })],
    }),
  )
})
