import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Doors, openDoors } from './doors.ts'
import { listForgeries, openMint } from './forgeries.ts'

const seed = Buffer.alloc(32, 7)
let doors: Doors

beforeAll(async () => {
  doors = await openDoors(seed)
})

afterAll(() => doors[Symbol.asyncDispose]())

test('an honest token opens every door, also when it is signed anew', async () => {
  const mint = openMint(doors.token, seed)
  expect(await doors.tryAll(doors.token)).toEqual([])
  expect(await doors.tryAll(mint.signed(mint.header, mint.claims))).toEqual([])
})

test('no forged or malformed token opens any door, and each is refused in the one shape', async () => {
  const forgeries = listForgeries(openMint(doors.token, seed))
  expect(new Set(forgeries.map(([, token]) => token)).size).toBe(forgeries.length)

  const wrong: unknown[] = []
  for (const [name, token] of forgeries) {
    const refusals = await doors.tryAll(token)
    for (const door of doors.names) {
      const refusal = refusals.find((each) => each.door === door)
      if (!refusal?.proper) wrong.push({ name, door, answer: refusal?.answer ?? 'accepted' })
    }
  }
  expect(wrong).toEqual([])
}, 60_000)
