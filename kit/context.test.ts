import { expect, test } from 'vitest'
import { createTraceparent } from './context.ts'

const form = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/
const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

test('a trace that begins here is like no other', () => {
  const traces = Array.from({ length: 1_000 }, () => createTraceparent())

  expect(traces.every((trace) => form.test(trace))).toBe(true)
  expect(new Set(traces.map((trace) => trace.split('-')[1])).size).toBe(1_000)
  expect(new Set(traces.map((trace) => trace.split('-')[2])).size).toBe(1_000)
  expect(traces.every((trace) => trace.endsWith('-00'))).toBe(true)
})

test("the caller's trace goes on in a part of its own", () => {
  const parts = Array.from({ length: 1_000 }, () => createTraceparent(parent))

  expect(parts.every((part) => form.test(part))).toBe(true)
  expect(parts.every((part) => part.startsWith(parent.slice(0, 36)))).toBe(true)
  expect(parts.every((part) => part.endsWith('-01'))).toBe(true)
  expect(new Set(parts).size).toBe(1_000)
  expect(parts).not.toContain(parent)
})

test.each([
  '',
  'nonsense',
  parent.toUpperCase(),
  `${parent}-more`,
  `01${parent.slice(2)}`,
  `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
])('%j is no trace to go on with', (given) => {
  const begun = createTraceparent(given)

  expect(begun).toMatch(form)
  expect(begun.slice(0, 36)).not.toBe(given.slice(0, 36))
})
