import { expect, test } from 'vitest'
import { testGateway } from '../tests/gateway.ts'

const well = { database: async () => ({}) }
const disk = { HEALTH_DISK_PERCENT: '100' }

test.each(['/health', '/api/v1/health'])('%s tells how everything is', async (url) => {
  await using gateway = await testGateway({ healthChecks: well, environment: disk })

  const answer = await gateway.app.inject(url)

  expect(answer.statusCode).toBe(200)
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(answer.json()).toEqual({
    status: 'ok',
    info: {
      database: { status: 'up' },
      memory: {
        status: 'up',
        heapUsed: expect.stringMatching(/^\d+MB$/),
        rss: expect.stringMatching(/^\d+MB$/),
      },
      disk: { status: 'up', used: expect.stringMatching(/^\d+%$/) },
    },
  })
})

test('what is not well is told without its reasons', async () => {
  await using gateway = await testGateway({
    environment: disk,
    healthChecks: { database: async () => Promise.reject(new Error('password of db-7 is wrong')) },
  })

  const answer = await gateway.app.inject('/api/v1/health')

  expect(answer.statusCode).toBe(503)
  expect(answer.json()).toMatchObject({ status: 'error', error: { database: { status: 'down' } } })
  expect(answer.json().info.database).toBeUndefined()
  expect(answer.body).not.toContain('db-7')
})

test.each([
  [{ HEALTH_HEAP_MB: '1' }, 'memory', 'heapUsed'],
  [{ HEALTH_RSS_MB: '1' }, 'memory', 'rss'],
])('beyond %j the process is not well', async (environment, part, figure) => {
  await using gateway = await testGateway({ environment: environment as Record<string, string> })

  const answer = await gateway.app.inject(`/api/v1/health/${part}`)

  expect(answer.statusCode).toBe(503)
  expect(answer.json().error[part]).toMatchObject({ status: 'down', [figure]: expect.any(String) })
})

test('one part can be asked for by its name', async () => {
  await using gateway = await testGateway({ healthChecks: well })
  const ask = async (part: string) => (await gateway.app.inject(`/api/v1/health/${part}`)).json()

  expect(await ask('database')).toEqual({ status: 'ok', info: { database: { status: 'up' } } })
  expect(await ask('db')).toEqual(await ask('database'))
  expect(Object.keys((await ask('memory')).info)).toEqual(['memory'])
  expect(await ask('unknown')).toMatchObject({ statusCode: 404, code: 'not_found' })
  expect(await ask('constructor')).toMatchObject({ statusCode: 404 })
})

test('a check that is asked for all the time looks once in a while', async () => {
  let looks = 0
  await using gateway = await testGateway({
    healthChecks: { database: async () => ({ looks: ++looks }) },
  })

  for (let i = 0; i < 5; i++) await gateway.app.inject('/api/v1/health/database')

  expect(looks).toBe(1)
})

test('the process lives while it is not ready', async () => {
  await using gateway = await testGateway({
    healthChecks: { database: async () => Promise.reject(new Error('away')) },
  })
  const ask = async (url: string) => (await gateway.app.inject(url)).statusCode

  expect(await ask('/api/v1/health/live')).toBe(200)
  expect(await ask('/api/v1/health/ready')).toBe(503)
})

test('the process is not ready any more once it is to stop', async () => {
  await using gateway = await testGateway({ healthChecks: well })
  expect((await gateway.app.inject('/api/v1/health/ready')).json().status).toBe('ok')

  await gateway.drain()

  const answer = await gateway.app.inject('/api/v1/health/ready')
  expect(answer.statusCode).toBe(503)
  expect(answer.json().error).toEqual({ gateway: { status: 'down' } })
  expect((await gateway.app.inject('/api/v1/')).json().status).toBe('stopping')
})

test('the API says what it is and which services it has', async () => {
  await using gateway = await testGateway()

  expect((await gateway.app.inject('/api/v1/')).json()).toEqual({
    name: 'Stoa',
    version: '1.2.3',
    status: 'ok',
  })
  expect((await gateway.app.inject('/api/v1/services')).json().items).toContainEqual({
    name: 'shop',
    summary: 'A shop for the tests of the gateway',
  })
})

test('figures for Prometheus tell routes by their patterns', async () => {
  await using gateway = await testGateway()
  await gateway.app.inject('/api/v1/things/17')
  await gateway.app.inject('/api/v1/things/none')
  await gateway.app.inject('/somewhere/else')
  const signIn = { method: 'POST', url: '/api/v1/sign-in' } as const
  await gateway.app.inject({ ...signIn, payload: { name: 'ann' } })
  await gateway.app.inject({ ...signIn, payload: { name: 'wrong' } })

  const answer = await gateway.app.inject('/metrics')

  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  const lines = answer.body.split('\n')
  const route = 'method="GET",route="/api/v1/things/:id"'
  expect(lines).toContain(`http_requests_total{${route},status_code="200"} 1`)
  expect(lines).toContain(`http_requests_total{${route},status_code="404"} 1`)
  expect(lines).toContain('http_requests_total{method="GET",route="none",status_code="404"} 1')
  expect(lines).toContain(`http_request_duration_seconds_count{${route},status_code="200"} 1`)
  expect(lines).toContain(
    `http_request_duration_seconds_bucket{${route},status_code="200",le="+Inf"} 1`,
  )
  expect(lines).toContain('auth_attempts_total{operation="signIn",code="ok"} 1')
  expect(lines).toContain('auth_attempts_total{operation="signIn",code="wrong_credentials"} 1')
  expect(answer.body).toContain('process_cpu_seconds_total')
  expect(answer.body).not.toContain('things/17')
})

test('figures can be kept for whoever has the token', async () => {
  await using gateway = await testGateway({ environment: { METRICS_TOKEN: 'let-me-see' } })
  const ask = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    return (await gateway.app.inject({ url: '/metrics', headers })).statusCode
  }

  expect(await ask('let-me-see')).toBe(200)
  expect(await ask('guess')).toBe(401)
  expect((await gateway.app.inject('/metrics')).statusCode).toBe(401)
})

test('the keys that verify access tokens are published', async () => {
  await using gateway = await testGateway()

  const answer = await gateway.app.inject('/.well-known/jwks.json')

  expect(answer.headers['content-type']).toContain('application/jwk-set+json')
  expect(answer.json()).toEqual({ keys: [gateway.keys.jwk] })
})
