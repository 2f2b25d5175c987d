import { expect, test } from 'vitest'
import { eventually } from '../../kit/testing.ts'
import { type TestedGateway, testGateway } from '../gateway.ts'
import { createRedis } from './lib/redis.ts'

const patienceMs = 30_000
const minute = 60_000

test('two gateways count in the same windows, and a window ends', async () => {
  await using redis = await createRedis()
  await redis.start()
  const [one, other] = [redis.connect(), redis.connect()]
  await eventually(() => one.available() && other.available(), Boolean, patienceMs)

  const states = await Promise.all(
    Array.from({ length: 50 }, (_, n) => (n % 2 ? one : other).windows.add('ann', minute)),
  )

  const counts = states.map((state) => state?.count ?? 0)
  expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1))
  const left = states.map((state) => state?.leftMs ?? 0)
  expect(left.every((ms) => ms > 0 && ms <= minute)).toBe(true)
  expect(await other.windows.look('ann')).toMatchObject({ count: 50 })
  expect(await one.windows.look('bob')).toEqual({ count: 0, leftMs: 0 })
  await one.windows.add('short', 20)
  await eventually(
    () => other.windows.look('short'),
    (state) => state?.count === 0,
  )
  expect(await other.windows.add('short', minute)).toMatchObject({ count: 1 })
})

test('where Redis is not there at the start, nobody waits for it, and it is found later', async () => {
  await using redis = await createRedis()
  const { windows, available, isUp } = redis.connect()
  expect(await windows.add('ann', minute)).toBeUndefined()

  await redis.start()

  await eventually(available, Boolean, patienceMs)
  expect(await windows.add('ann', minute)).toMatchObject({ count: 1 })
  expect(await isUp()).toBe(1)
})

test('a Redis that does not answer is waited for once, and for a moment only', async () => {
  await using redis = await createRedis()
  await redis.start()
  const { windows, available } = redis.connect()
  await eventually(available, Boolean, patienceMs)

  redis.freeze()

  // Nothing else would ever settle this.
  expect(await windows.add('ann', minute)).toBeUndefined()
  let settled = false
  void windows.add('ann', minute).then(() => {
    settled = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(settled).toBe(true)

  redis.thaw()
  await eventually(available, Boolean, patienceMs)
})

const limit = { RATE_LIMIT_OTP: '3' }

async function ask({ app }: TestedGateway) {
  const { statusCode, headers } = await app.inject({ method: 'POST', url: '/api/v1/codes' })
  return { statusCode, left: /r=(\d+)/.exec(String(headers.ratelimit))?.[1] }
}

test('a limit holds over all gateways, and for each alone while Redis is gone', async () => {
  await using redis = await createRedis()
  await redis.start()
  const [here, there] = [redis.connect(), redis.connect()]
  await eventually(() => here.available() && there.available(), Boolean, patienceMs)
  await using one = await testGateway({ environment: limit, windows: here.windows })
  await using other = await testGateway({ environment: limit, windows: there.windows })

  expect(await ask(one)).toEqual({ statusCode: 200, left: '2' })
  expect(await ask(other)).toEqual({ statusCode: 200, left: '1' })
  expect(await ask(one)).toEqual({ statusCode: 200, left: '0' })
  expect((await ask(other)).statusCode).toBe(429)
  expect((await ask(one)).statusCode).toBe(429)

  await redis.stop()

  const statuses = []
  for (let i = 0; i < 4; i++) statuses.push((await ask(one)).statusCode)
  expect(statuses).toEqual([200, 200, 200, 429])
  expect((await ask(other)).statusCode).toBe(200)
  expect(await here.isUp()).toBe(0)

  await redis.start()
  await eventually(() => here.available() && there.available(), Boolean, patienceMs)
  expect(await ask(one)).toEqual({ statusCode: 200, left: '2' })
  expect(await ask(other)).toEqual({ statusCode: 200, left: '1' })
})
