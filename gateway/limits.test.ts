import { afterEach, expect, test, vi } from 'vitest'
import { type TestedGateway, testGateway } from '../tests/gateway.ts'

afterEach(() => {
  vi.useRealTimers()
})

type From = { headers?: Record<string, string>; remoteAddress?: string }

function ask(gateway: TestedGateway, url: string, from: From = {}) {
  const method = url.startsWith('GET ') ? 'GET' : 'POST'
  const [, path = ''] = url.split(' ')
  const payload = path.endsWith('sign-in') ? { payload: { name: 'ann' } } : {}
  return gateway.app.inject({ method, url: `/api/v1${path}`, ...payload, ...from })
}

async function askOften(times: number, gateway: TestedGateway, url: string, from: From = {}) {
  const statuses: number[] = []
  for (let i = 0; i < times; i++) statuses.push((await ask(gateway, url, from)).statusCode)
  return statuses
}

test.each([
  ['GET /things', 'default', 100],
  ['POST /sign-in', 'auth', 10],
  ['POST /codes', 'otp', 3],
  ['POST /files', 'upload', 10],
])('%s counts against the tier %s: %i requests per minute', async (url, tier, amount) => {
  await using gateway = await testGateway()

  const first = await ask(gateway, url)
  await askOften(amount - 1, gateway, url)
  const refused = await ask(gateway, url)

  expect(first.headers).toMatchObject({
    'ratelimit-policy': `"${tier}";q=${amount};w=60`,
    ratelimit: `"${tier}";r=${amount - 1};t=60`,
  })
  expect(refused.statusCode).toBe(429)
  expect(refused.json()).toMatchObject({
    code: 'rate_limited',
    path: `/api/v1${url.split(' ')[1]}`,
  })
  expect(refused.headers.ratelimit).toMatch(new RegExp(`^"${tier}";r=0;t=(59|60)$`))
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(55)
})

test('the limits and their window can be set', async () => {
  await using gateway = await testGateway({
    environment: { RATE_LIMIT_OTP: '1', RATE_LIMIT_WINDOW: '300' },
  })

  expect((await ask(gateway, 'POST /codes')).headers['ratelimit-policy']).toBe('"otp";q=1;w=300')
  expect(await askOften(2, gateway, 'POST /codes')).toEqual([429, 429])
})

test('a limit starts over after its window', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  await using gateway = await testGateway()
  expect(await askOften(4, gateway, 'POST /codes')).toEqual([200, 200, 200, 429])

  vi.advanceTimersByTime(60_001)

  expect(await askOften(1, gateway, 'POST /codes')).toEqual([200])
})

test('one tier used up leaves the others', async () => {
  await using gateway = await testGateway()
  await askOften(4, gateway, 'POST /codes')

  expect((await ask(gateway, 'POST /sign-in')).statusCode).toBe(200)
})

test('whoever is signed in has a limit of their own, whatever the address', async () => {
  await using gateway = await testGateway({ environment: { RATE_LIMIT_DEFAULT: '2' } })
  const ann = { headers: gateway.as({ id: 'ann' }) }
  const bob = { headers: gateway.as({ id: 'bob' }) }

  expect(await askOften(3, gateway, 'GET /self', ann)).toEqual([200, 200, 429])
  expect(await askOften(1, gateway, 'GET /self', bob)).toEqual([200])
  expect(await askOften(1, gateway, 'GET /things')).toEqual([200])
  expect(
    await askOften(1, gateway, 'GET /self', { ...ann, remoteAddress: '198.51.100.9' }),
  ).toEqual([429])
})

test('strangers are told apart by IPv4 address and by IPv6 network', async () => {
  await using gateway = await testGateway({ environment: { RATE_LIMIT_DEFAULT: '1' } })
  const from = async (remoteAddress: string) =>
    (await ask(gateway, 'GET /things', { remoteAddress })).statusCode

  expect(await from('198.51.100.1')).toBe(200)
  expect(await from('198.51.100.1')).toBe(429)
  expect(await from('198.51.100.2')).toBe(200)
  expect(await from('2001:db8:1:2::1')).toBe(200)
  expect(await from('2001:db8:1:2:ffff::9')).toBe(429)
  expect(await from('2001:db8:1:3::1')).toBe(200)
})

test('an address that only the caller claims changes nothing', async () => {
  await using gateway = await testGateway({ environment: { RATE_LIMIT_DEFAULT: '1' } })
  const claim = (address: string) => ({ headers: { 'x-forwarded-for': address } })

  expect(await askOften(1, gateway, 'GET /things', claim('6.6.6.6'))).toEqual([200])
  expect(await askOften(1, gateway, 'GET /things', claim('7.7.7.7'))).toEqual([429])
})

test('an address that a trusted proxy reports counts', async () => {
  await using gateway = await testGateway({
    environment: { RATE_LIMIT_DEFAULT: '1', TRUST_PROXY: 'loopback' },
  })
  const report = (address: string) => ({ headers: { 'x-forwarded-for': address } })

  expect(await askOften(1, gateway, 'GET /things', report('6.6.6.6'))).toEqual([200])
  expect(await askOften(1, gateway, 'GET /things', report('7.7.7.7'))).toEqual([200])
  expect(await askOften(1, gateway, 'GET /things', report('6.6.6.6'))).toEqual([429])
})

test('bad tokens count, and are not even looked at once there were too many', async () => {
  let fetches = 0
  await using gateway = await testGateway({
    environment: { RATE_LIMIT_DEFAULT: '2' },
    accounts: {
      async getSigningKeys() {
        fetches++
        return { issuer: 'http://localhost:3000', keys: [] }
      },
    },
  })
  const bad = { headers: gateway.as() }

  expect(await askOften(4, gateway, 'GET /self', bad)).toEqual([401, 401, 429, 429])
  expect(fetches).toBe(1)
})

test('signing in counts by address, whoever is signed in already', async () => {
  await using gateway = await testGateway({ environment: { RATE_LIMIT_AUTH: '2' } })
  const as = (id: string) => ({ headers: gateway.as({ id }) })

  expect(await askOften(2, gateway, 'POST /sign-in', as('ann'))).toEqual([200, 200])
  expect(await askOften(1, gateway, 'POST /sign-in', as('bob'))).toEqual([429])
})

test('asking how the server is, or for its figures, costs nothing', async () => {
  await using gateway = await testGateway({ environment: { RATE_LIMIT_DEFAULT: '1' } })

  for (const url of ['/health', '/metrics', '/api/v1/health/live']) {
    for (let i = 0; i < 3; i++) {
      const { statusCode, headers } = await gateway.app.inject(url)
      expect([statusCode, headers.ratelimit]).toEqual([200, undefined])
    }
  }
})
