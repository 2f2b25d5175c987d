import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createPacer } from './pacing.ts'

async function begin(count: number, now?: () => number) {
  const pacer = createPacer(now)
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

test('where they cost much, fewer begin in a turn, and more again where they do not', async () => {
  let time = 0
  let costMs = 1
  const { pacer, begun } = await begin(1_000, () => time)
  const perTurn: number[] = []
  async function watchTurns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      const before = begun.length
      await nextTurn()
      time += (begun.length - before) * costMs
      perTurn.push(begun.length - before)
    }
  }
  time += 64
  await watchTurns(8)
  expect(Math.min(...perTurn.slice(4))).toBeLessThanOrEqual(8)
  costMs = 0
  await watchTurns(12)
  expect(Math.max(...perTurn)).toBeGreaterThan(32)
  expect(pacer.turn()).toBeInstanceOf(Promise)
})
