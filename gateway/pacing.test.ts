import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createPacer } from './pacing.ts'

async function begin(count: number) {
  const pacer = createPacer()
  const begun: number[] = []
  for (let n = 0; n < count; n++) {
    const turn = pacer.turn()
    if (turn) void turn.then(() => begun.push(n))
    else begun.push(n)
  }
  return { pacer, begun }
}

test('what comes in small numbers begins at once, turn after turn', async () => {
  const { pacer, begun } = await begin(64)
  expect(begun).toHaveLength(64)
  await nextTurn()
  expect(pacer.turn()).toBeUndefined()
})

test('a crowd begins in the order in which it came, and lets others in between', async () => {
  const { pacer, begun } = await begin(200)
  expect(begun).toHaveLength(64)

  await nextTurn()
  await nextTurn()
  expect(begun.length).toBeGreaterThanOrEqual(128)
  expect(begun.length).toBeLessThan(200)
  const late = pacer.turn()?.then(() => begun.push(200))
  await late

  expect(begun).toEqual(Array.from({ length: 201 }, (_, n) => n))
})
