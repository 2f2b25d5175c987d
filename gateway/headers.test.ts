import { expect, test } from 'vitest'
import { testGateway } from '../tests/gateway.ts'
import { securityHeadersOf } from './headers.ts'

const policy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: https:",
  "connect-src 'self' ws://localhost:0",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

test.each(['/api/v1/things', '/api/v1/nothing', '/', '/metrics', '/api/docs', '/health'])(
  '%s carries the security headers',
  async (url) => {
    await using gateway = await testGateway()

    const { headers } = await gateway.app.inject(url)

    expect(headers).toMatchObject({
      'content-security-policy': policy,
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'x-request-id': expect.any(String),
    })
    expect(headers['strict-transport-security']).toBeUndefined()
    expect(headers['x-powered-by']).toBeUndefined()
    expect(headers.server).toBeUndefined()
  },
)

test('the security headers are these and no others', () => {
  const headers = securityHeadersOf(new URL('http://localhost:0'))

  expect(headers).toEqual({
    'content-security-policy': policy,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  })
})

test('a site behind HTTPS tells browsers to come by HTTPS only', async () => {
  await using gateway = await testGateway({
    environment: { PUBLIC_URL: 'https://stoa.example.org' },
  })

  const { headers } = await gateway.app.inject('/')

  expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains')
  expect(headers['content-security-policy']).toContain("connect-src 'self' wss://stoa.example.org")
})

const listed = 'https://app.example.org'

test('a page of a listed origin may call with credentials and see what it needs', async () => {
  await using gateway = await testGateway({
    environment: { CORS_ORIGIN: `${listed}, https://b.example` },
  })

  const { headers } = await gateway.app.inject({
    url: '/api/v1/things',
    headers: { origin: listed },
  })

  expect(headers).toMatchObject({
    'access-control-allow-origin': listed,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers':
      'RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, ETag, Idempotency-Replayed',
    vary: 'Origin',
  })
})

test('a preflight of a listed origin is told what it may send', async () => {
  await using gateway = await testGateway({ environment: { CORS_ORIGIN: listed } })

  const { headers, statusCode } = await gateway.app.inject({
    method: 'OPTIONS',
    url: '/api/v1/things/1',
    headers: { origin: listed, 'access-control-request-method': 'PATCH' },
  })

  expect(statusCode).toBe(204)
  expect(headers).toMatchObject({
    'access-control-allow-origin': listed,
    'access-control-allow-methods': 'GET, POST, PUT, DELETE, PATCH',
    'access-control-allow-headers':
      'Content-Type, Authorization, X-Access-Token, X-XSRF-TOKEN, X-Request-Id, Traceparent, Idempotency-Key, If-None-Match',
    'access-control-max-age': '600',
  })
  expect(headers.ratelimit).toBeUndefined()
})

test.each([
  'https://evil.example',
  'https://app.example.org.evil.example',
  'http://app.example.org',
  'null',
])('a page of %s gets no permission', async (origin) => {
  await using gateway = await testGateway({ environment: { CORS_ORIGIN: listed } })

  for (const method of ['GET', 'OPTIONS'] as const) {
    const { headers } = await gateway.app.inject({
      method,
      url: '/api/v1/things',
      headers: { origin },
    })
    expect(headers['access-control-allow-origin']).toBeUndefined()
    expect(headers['access-control-allow-credentials']).toBeUndefined()
    expect(headers.vary).toBe('Origin')
  }
})

test.each([
  [{ CORS_ORIGIN: '*' }, 'CORS_ORIGIN'],
  [{ CORS_ORIGIN: 'https://app.example.org/' }, 'CORS_ORIGIN'],
  [{ TRUST_PROXY: 'everybody' }, 'TRUST_PROXY'],
  [{ TRUST_PROXY: '10.0.0.0/33' }, 'TRUST_PROXY'],
  [{ PUBLIC_URL: 'stoa' }, 'PUBLIC_URL'],
  [{ BODY_LIMIT: '0' }, 'BODY_LIMIT'],
  [{ DOCS_USER: 'reader' }, 'DOCS_PASSWORD'],
  [{ API_BASIC: 'true' }, 'API_BASIC'],
])('the setting %j is refused', async (environment: Record<string, string>, name) => {
  await expect(testGateway({ environment })).rejects.toThrow(name)
})
