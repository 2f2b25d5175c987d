import { afterEach, expect, test, vi } from 'vitest'
import { createKeyPair, type TestedGateway, testGateway } from '../tests/gateway.ts'

afterEach(() => {
  vi.useRealTimers()
})

async function askSelf(gateway: TestedGateway, token: string, header = 'authorization') {
  const value = header === 'authorization' ? `Bearer ${token}` : token
  const answer = await gateway.app.inject({ url: '/api/v1/self', headers: { [header]: value } })
  return answer.statusCode === 200 ? answer.json().id : answer.json().message
}

const invalid = 'The access token is not valid.'
const expired = 'The access token has expired.'
const ended = 'The session has ended.'

test('an access token says who calls, in either header', async () => {
  await using gateway = await testGateway()
  const token = gateway.keys.signToken({ id: 'ann' })

  expect(await askSelf(gateway, token)).toBe('ann')
  expect(await askSelf(gateway, token)).toBe('ann')
  expect(await askSelf(gateway, token, 'x-access-token')).toBe('ann')
})

test('a bad token is refused also where none is needed, and the client is told how to sign in', async () => {
  await using gateway = await testGateway()

  const answer = await gateway.app.inject({
    url: '/api/v1/things',
    headers: { authorization: 'Bearer nonsense' },
  })

  expect(answer.statusCode).toBe(401)
  expect(answer.headers['www-authenticate']).toBe('Bearer realm="stoa", error="invalid_token"')
})

type Keys = ReturnType<typeof createKeyPair>
const altered = (keys: Keys, change: object) =>
  keys.signParts(keys.header, { ...keys.claimsOf(), ...change })

test('a token counts until its end, also when it was seen before', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  await using gateway = await testGateway()
  const token = gateway.keys.signToken()
  expect(await askSelf(gateway, token)).toBe('ann')

  vi.setSystemTime(Date.now() + 901_000)

  expect(await askSelf(gateway, token)).toBe(expired)
  expect(await askSelf(gateway, altered(gateway.keys, { exp: 1_000, iat: 100 }))).toBe(expired)
})

test('keys are fetched once, and again for a new one but not for every unknown name', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const [first, second] = [createKeyPair('first'), createKeyPair('second')]
  let published = [first.jwk]
  let fetches = 0
  await using gateway = await testGateway({
    accounts: {
      async getSigningKeys() {
        fetches++
        return { issuer: 'http://localhost:3000', keys: published }
      },
    },
  })
  await Promise.all(['a', 'b', 'c'].map((id) => askSelf(gateway, first.signToken({ id }))))
  expect(fetches).toBe(1)

  vi.advanceTimersByTime(6_000)
  published = [second.jwk, first.jwk]

  expect(await askSelf(gateway, second.signToken())).toBe('ann')
  expect(await askSelf(gateway, createKeyPair('third').signToken())).toBe(invalid)
  expect(await askSelf(gateway, createKeyPair('fourth').signToken())).toBe(invalid)
  expect(fetches).toBe(2)
})

test('when keys cannot be had, the caller is told to come back, not to sign in again', async () => {
  await using gateway = await testGateway({
    accounts: { getSigningKeys: async () => Promise.reject(new Error('no database')) },
  })

  const answer = await gateway.app.inject({ url: '/api/v1/self', headers: gateway.as() })

  expect(answer.statusCode).toBe(500)
  expect(answer.body).not.toContain('database')
})

test('a session that ends is over at once, and the others go on', async () => {
  await using gateway = await testGateway()
  const heard: unknown[] = []
  gateway.sessions.onRevoked((revocation) => heard.push(revocation))
  const [one, two] = ['1', '2'].map((sessionId) => gateway.keys.signToken({ sessionId }))
  expect(await askSelf(gateway, one ?? '')).toBe('ann')

  gateway.announce('sessionEnded', { sessionId: '1', userId: 'ann' })

  expect(await askSelf(gateway, one ?? '')).toBe(ended)
  expect(await askSelf(gateway, two ?? '')).toBe('ann')
  expect(heard).toEqual([{ sessionId: '1', userId: 'ann' }])
})

test('a blocked person is out at once, and in again with a session from after the block', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  await using gateway = await testGateway()
  const before = gateway.keys.signToken()
  expect(await askSelf(gateway, before)).toBe('ann')

  gateway.announce('accountBlocked', { userId: 'ann', reason: 'spam', until: null })
  expect(await askSelf(gateway, before)).toBe(ended)
  expect(await askSelf(gateway, gateway.keys.signToken({ id: 'bob' }))).toBe('bob')

  vi.setSystemTime(Date.now() + 2_000)
  expect(await askSelf(gateway, gateway.keys.signToken())).toBe('ann')
  expect(await askSelf(gateway, before)).toBe(ended)
})

test('a token with the role of before is out of date', async () => {
  await using gateway = await testGateway()
  const session = await gateway.sessions.authenticate(gateway.keys.signToken({ role: 'admin' }))
  const same = await gateway.sessions.authenticate(gateway.keys.signToken({ role: 'user' }))

  gateway.announce('accountChanged', {
    userId: 'ann',
    username: 'ann',
    role: 'user',
    blocked: false,
  })

  expect(gateway.sessions.isCurrent(session)).toBe(false)
  expect(gateway.sessions.isCurrent(same)).toBe(true)
  expect(await askSelf(gateway, gateway.keys.signToken({ role: 'admin' }))).toBe(ended)
})

test('what was revoked before the start is known before the gateway is ready', async () => {
  const soon = new Date(Date.now() + 60_000).toISOString()
  const later = new Date(Date.now() + 5_000).toISOString()
  await using gateway = await testGateway({
    accounts: {
      listRevocations: async () => ({
        sessions: [{ sessionId: '1', until: soon }],
        users: [{ userId: 'bob', issuedBefore: later, until: soon }],
      }),
    },
  })

  expect(gateway.sessions.ready()).toBe(true)
  expect(await askSelf(gateway, gateway.keys.signToken({ sessionId: '1' }))).toBe(ended)
  expect(await askSelf(gateway, gateway.keys.signToken({ id: 'bob' }))).toBe(ended)
  expect(await askSelf(gateway, gateway.keys.signToken())).toBe('ann')
})

test('who begins, renews or ends a session may send an access token that is past its time', async () => {
  await using gateway = await testGateway()
  const renew = async (authorization: string) => {
    const answer = await gateway.app.inject({
      method: 'POST',
      url: '/api/v1/renew',
      headers: { authorization },
      payload: { refreshToken: 'given' },
    })
    return answer.json().caller
  }

  expect(await renew(`Bearer ${gateway.keys.signToken()}`)).toBe('ann')
  expect(await renew(`Bearer ${altered(gateway.keys, { exp: 1_000, iat: 100 })}`)).toBe(null)
  expect(await renew('Bearer nonsense')).toBe(null)
})
