import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createDeadlines } from './deadline.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const never = () => new Promise<never>(() => {})

test('nobody waits beyond the deadline, and each has their own', async () => {
  const withDeadline = createDeadlines()
  const ended: string[] = []
  const soon = withDeadline(never(), Date.now() + 50).catch((error) => {
    ended.push('soon')
    return error
  })
  withDeadline(never(), Date.now() + 500).catch(() => void ended.push('late'))

  await vi.advanceTimersByTimeAsync(49)
  expect(ended).toEqual([])
  await vi.advanceTimersByTimeAsync(21)
  expect(ended).toEqual(['soon'])
  expect(await soon).toMatchObject({ code: 'unavailable', status: 503, retryAfter: 1 })
  await vi.advanceTimersByTimeAsync(450)
  expect(ended).toEqual(['soon', 'late'])
})

test('work that ends in time is passed on as it ended', async () => {
  const withDeadline = createDeadlines()
  const cause = new Error('broken')

  await expect(withDeadline(Promise.resolve('done'), Date.now() + 50)).resolves.toBe('done')
  await expect(withDeadline(Promise.reject(cause), Date.now() + 50)).rejects.toBe(cause)
})

test('work that ends after its deadline changes nothing', async () => {
  const withDeadline = createDeadlines()
  const { promise, resolve } = Promise.withResolvers<string>()
  const answer = withDeadline(promise, Date.now() + 10)
  const refused = expect(answer).rejects.toMatchObject({ code: 'unavailable' })

  await vi.advanceTimersByTimeAsync(40)
  resolve('too late')

  await refused
})

test('those who end early leave the others their deadlines', async () => {
  const withDeadline = createDeadlines()
  const works = [1, 2, 3].map(() => Promise.withResolvers<string>())
  const ended: string[] = []
  works.forEach(({ promise }, index) => {
    withDeadline(promise, Date.now() + 50).then(
      () => ended.push(`${index} done`),
      () => ended.push(`${index} late`),
    )
  })

  works[0]?.resolve('')
  await vi.advanceTimersByTimeAsync(0)
  works[2]?.resolve('')
  await vi.advanceTimersByTimeAsync(20)
  expect(vi.getTimerCount()).toBe(1)
  await vi.advanceTimersByTimeAsync(60)

  expect(ended).toEqual(['0 done', '2 done', '1 late'])
  expect(vi.getTimerCount()).toBe(0)
})

test('the clock stands still while nobody waits', async () => {
  const withDeadline = createDeadlines()
  await withDeadline(Promise.resolve(), Date.now() + 5_000)
  const { promise, resolve } = Promise.withResolvers<void>()
  const waiting = withDeadline(promise, Date.now() + 5_000)

  await vi.advanceTimersByTimeAsync(100)
  expect(vi.getTimerCount()).toBe(1)
  resolve()
  await waiting
  await vi.advanceTimersByTimeAsync(20)

  expect(vi.getTimerCount()).toBe(0)
})
