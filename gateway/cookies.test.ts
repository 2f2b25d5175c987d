import { expect, test } from 'vitest'
import { type TestedGateway, testGateway } from '../tests/gateway.ts'

const site = 'https://stoa.example.org'
const secure = { PUBLIC_URL: site }
const host = 'stoa.example.org'

function call(
  gateway: TestedGateway,
  path: string,
  headers: Record<string, string>,
  payload: object,
) {
  return gateway.app.inject({
    method: 'POST',
    url: `/api/v1${path}`,
    headers: { host, ...headers },
    payload,
  })
}

const signIn = (gateway: TestedGateway, headers: Record<string, string>) =>
  call(gateway, '/sign-in', headers, { name: 'ann' })

test('a browser gets the refresh token as a cookie that no script can read', async () => {
  await using gateway = await testGateway({ environment: secure })

  const answer = await signIn(gateway, { origin: site })

  expect(answer.json()).toEqual({ accessToken: 'access' })
  expect(answer.headers['set-cookie']).toMatch(
    /^__Host-stoa-refresh=[\w-]{36}; Max-Age=34560000; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  )
})

test('other clients get the refresh token in the body', async () => {
  await using gateway = await testGateway({ environment: secure })

  const answer = await signIn(gateway, {})

  expect(answer.json()).toEqual({ accessToken: 'access', refreshToken: expect.any(String) })
  expect(answer.headers['set-cookie']).toBeUndefined()
})

test.each([
  ['HTTPS', secure, host, '__Host-stoa-refresh', true],
  ['localhost', {}, 'localhost:3000', '__Host-stoa-refresh', true],
  ['HTTP', { PUBLIC_URL: 'http://10.0.0.5:3000' }, '10.0.0.5:3000', 'stoa-refresh', false],
])('over %s the cookie is as safe as it can be', async (_, environment, own, name, isSecure) => {
  await using gateway = await testGateway({ environment: environment as Record<string, string> })

  const answer = await signIn(gateway, { host: own, 'sec-fetch-site': 'same-origin' })

  const cookie = String(answer.headers['set-cookie'])
  expect(cookie.startsWith(`${name}=`)).toBe(true)
  expect(cookie.includes('Secure')).toBe(isSecure)
})

test('a browser renews its session by the cookie alone', async () => {
  await using gateway = await testGateway({ environment: secure })
  const headers = { origin: site, cookie: 'a=b; __Host-stoa-refresh=from-cookie; c=d' }

  const answer = await call(gateway, '/renew', headers, {})

  expect(answer.json()).toMatchObject({ was: 'from-cookie' })
  expect(answer.json().refreshToken).toBeUndefined()
  expect(answer.headers['set-cookie']).toMatch(/^__Host-stoa-refresh=/)
})

test('a token in the body comes before the cookie', async () => {
  await using gateway = await testGateway({ environment: secure })
  const headers = { origin: site, cookie: '__Host-stoa-refresh=from-cookie' }

  const answer = await call(gateway, '/renew', headers, { refreshToken: 'from-body' })

  expect(answer.json().was).toBe('from-body')
})

test('other clients renew by the body, or by the header', async () => {
  await using gateway = await testGateway({ environment: secure })
  const renew = async (headers: Record<string, string>, payload: object) =>
    (await call(gateway, '/renew', headers, payload)).json().was

  expect(await renew({}, { refreshToken: 'from-body' })).toBe('from-body')
  expect(await renew({ authorization: 'Bearer from-header' }, {})).toBe('from-header')
  expect(await renew({ authorization: `Bearer ${gateway.keys.signToken()}` }, {})).toBe(null)
  expect(await renew({ cookie: '__Host-stoa-refresh=from-cookie' }, {})).toBe(null)
})

test('signing out takes the cookie away', async () => {
  await using gateway = await testGateway({ environment: secure })

  const answer = await call(gateway, '/sign-out', { origin: site }, {})

  expect(answer.headers['set-cookie']).toBe(
    '__Host-stoa-refresh=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict',
  )
})

test.each([
  ['another site', { origin: 'https://evil.example' }],
  ['a sibling', { origin: 'https://evil.example.org', 'sec-fetch-site': 'same-site' }],
  ['no origin', { origin: 'null' }],
  ['another site, by its kind', { 'sec-fetch-site': 'cross-site' }],
])('a page of %s can do nothing through the cookie', async (_, headers: Record<string, string>) => {
  await using gateway = await testGateway({ environment: secure })

  for (const path of ['/renew', '/sign-in', '/sign-out']) {
    const cookie = '__Host-stoa-refresh=from-cookie'
    const answer = await call(gateway, path, { ...headers, cookie }, {})
    expect([answer.statusCode, answer.json().code]).toEqual([403, 'cross_site'])
    expect(answer.headers['set-cookie']).toBeUndefined()
  }
  expect(gateway.made).toEqual([])
})

test.each([
  ['the site itself', { origin: site }],
  ['the address that was asked', { origin: 'http://stoa.example.org' }],
  ['a listed origin', { origin: 'https://app.example.net' }],
  ['the site, by its kind', { 'sec-fetch-site': 'same-origin' }],
  ['a sibling, by its kind', { 'sec-fetch-site': 'same-site' }],
])('a page of %s may', async (_, headers: Record<string, string>) => {
  await using gateway = await testGateway({
    environment: { ...secure, CORS_ORIGIN: 'https://app.example.net' },
  })

  const answer = await call(gateway, '/renew', { ...headers, cookie: '__Host-stoa-refresh=x' }, {})

  expect(answer.json().was).toBe('x')
})
