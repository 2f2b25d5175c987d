import { createPublicKey } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import { afterEach, expect, test, vi } from 'vitest'
import { type TestOptions, temporaryFolder, testService } from '../../kit/testing.ts'
import { createRandom, runBrowsers } from '../../tests/lib/browsers.ts'
import { accountsService } from './index.ts'

const environment = {
  SIGNING_KEY: Buffer.alloc(32, 7).toString('base64'),
  SETUP_CODE: 'let me in first',
  PUBLIC_URL: 'https://agora.example.org',
}
const ada = {
  siteName: 'Agora',
  username: 'Ada',
  email: 'ada@example.org',
  password: 'difference engine 2',
  setupCode: 'let me in first',
}
const credentials = { identifier: 'ada', password: ada.password }
const secondMs = 1_000
const minuteMs = 60_000
const dayMs = 24 * 3_600_000

async function openSite(
  settings: Record<string, string> = {},
  options: Pick<TestOptions<typeof accountsService>, 'folder' | 'beforeStatement'> = {},
) {
  const service = await testService(accountsService, {
    environment: { ...environment, ...settings },
    ...options,
  })
  const { user, accessToken, refreshToken = '' } = await service.anonymous.completeSetup(ada)
  const { sid } = readClaims(accessToken)
  const own = service.as(user.id, { role: 'admin', sessionId: sid })
  return Object.assign(service, { own, adaId: user.id, sid, accessToken, refreshToken })
}

type Service = Awaited<ReturnType<typeof openSite>>

function readClaims(accessToken: string) {
  return JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString())
}

/** Answers with the token that the client has from then on. */
async function refresh(service: Service, refreshToken: string): Promise<string> {
  const answer = await service.anonymous.refresh({ refreshToken })
  return answer.refreshToken ?? refreshToken
}

async function eventsNamed(service: Service, name: string) {
  const events = await service.events()
  return events.filter(({ event }) => event === name).map(({ payload }) => payload)
}

function startClock(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
}

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms)
}

afterEach(() => void vi.useRealTimers())

test('name and address sign in, in upper or lower case', async () => {
  await using service = await openSite()

  for (const identifier of ['ada', 'ADA', 'ada@example.org', 'Ada@Example.ORG']) {
    const { user } = await service.anonymous.login({ identifier, password: ada.password })
    expect(user).toMatchObject({ id: service.adaId, username: 'Ada' })
  }
})

test('a sign-in is announced and recorded', async () => {
  await using service = await openSite()

  const { accessToken } = await service.anonymous.login(credentials)

  const { sid } = readClaims(accessToken)
  expect((await eventsNamed(service, 'sessionStarted')).at(-1)).toEqual({
    sessionId: sid,
    userId: service.adaId,
  })
  expect((await eventsNamed(service, 'audited')).at(-1)).toEqual({
    action: 'session.started',
    outcome: 'success',
    actorId: service.adaId,
    subjectId: service.adaId,
    ip: '192.0.2.1',
    userAgent: 'test',
    detail: { sessionId: sid },
    at: expect.any(String),
  })
})

test('an unknown name and a wrong password are answered alike', async () => {
  await using service = await openSite()
  const refusals = await Promise.all(
    [
      { identifier: 'nobody', password: 'difference engine 2' },
      { identifier: 'nobody@example.org', password: 'difference engine 2' },
      { identifier: 'ada', password: 'difference engine 3' },
    ].map((wrong) => service.anonymous.login(wrong).catch((error) => error)),
  )

  for (const { code, status, message, errors } of refusals) {
    expect({ code, status, message, errors }).toEqual({
      code: 'wrong_credentials',
      status: 401,
      message: 'The name or the password is wrong.',
      errors: undefined,
    })
  }
  expect(await eventsNamed(service, 'audited')).toContainEqual(
    expect.objectContaining({
      action: 'session.started',
      outcome: 'failure',
      subjectId: service.adaId,
      detail: { reason: 'wrong_credentials' },
    }),
  )
})

test('a blocked person is told why and until when, but only with the right password', async () => {
  await using service = await openSite()
  const { user } = await service.anonymous.register({
    username: 'eve',
    email: 'eve@example.org',
    password: 'a plain old bicycle',
    termsAccepted: true,
  })
  const until = new Date(Date.now() + dayMs).toISOString()
  await service.own.blockAccount({ userId: user.id, reason: 'Spam', until })

  await expect(
    service.anonymous.login({ identifier: 'eve', password: 'a plain old bicycle' }),
  ).rejects.toMatchObject({
    code: 'account_blocked',
    status: 403,
    message: `This account is blocked until ${until}: Spam`,
    errors: [
      { field: 'reason', message: 'Spam' },
      { field: 'until', message: until },
    ],
  })
  await expect(
    service.anonymous.login({ identifier: 'eve', password: 'wrong' }),
  ).rejects.toMatchObject({ code: 'wrong_credentials' })
})

test('a person blocked while signing in gets no session', async () => {
  await using service = await openSite()
  const eve = { username: 'eve', email: 'eve@example.org', password: 'a plain old bicycle' }
  const { user } = await service.anonymous.register({ ...eve, termsAccepted: true })
  const endedAtRegistration = 1

  const [logins] = await Promise.all([
    Promise.allSettled(
      Array.from({ length: 6 }, () =>
        service.anonymous.login({ identifier: 'eve', password: eve.password }),
      ),
    ),
    service.own.blockAccount({ userId: user.id, reason: 'Spam' }),
  ])

  const started = logins.filter(({ status }) => status === 'fulfilled').length
  expect(await eventsNamed(service, 'sessionEnded')).toHaveLength(started + endedAtRegistration)
  expect((await service.as(user.id).listSessions({})).items).toEqual([])
})

test('an access token says who, which session and what is allowed, signed with a published key', async () => {
  await using service = await openSite()
  const { issuer, keys } = await service.internally.getSigningKeys({})
  const [jwk] = keys
  if (!jwk) throw new Error('No key')
  const key = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const verify = createVerifier({ key, algorithms: ['EdDSA'], complete: true })

  const { header, payload } = verify(service.accessToken)

  expect(header).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: jwk.kid })
  expect(payload).toEqual({
    iss: 'https://agora.example.org',
    aud: 'stoa',
    sub: service.adaId,
    sid: expect.any(String),
    role: 'admin',
    confirmed: true,
    iat: expect.any(Number),
    exp: payload.iat + 900,
  })
  expect(issuer).toBe('https://agora.example.org')
  expect(JSON.stringify(keys)).not.toContain('"d"')
})

test('a new signing key leaves the tokens of the one before good', async () => {
  using folder = temporaryFolder()
  const next = Buffer.alloc(32, 8).toString('base64')
  let former = ''
  {
    await using service = await openSite({}, { folder: folder.path })
    former = service.accessToken
  }
  await using service = await testService(accountsService, {
    environment: {
      ...environment,
      SIGNING_KEY: next,
      SIGNING_KEY_PREVIOUS: environment.SIGNING_KEY,
    },
    folder: folder.path,
  })

  const { accessToken } = await service.anonymous.login(credentials)

  expect((await service.internally.getSigningKeys({})).keys).toHaveLength(2)
  for (const token of [former, accessToken]) {
    expect(await service.anonymous.verifyToken({ token })).toMatchObject({ valid: true })
  }
})

test('a token is good until it expires or its session ends, and a made-up one never', async () => {
  await using service = await openSite()
  const token = service.accessToken
  const [header, , signature] = token.split('.')
  const forged = `${header}.${Buffer.from('{"role":"admin"}').toString('base64url')}.${signature}`
  const bad = { valid: false, claims: null }

  expect(await service.anonymous.verifyToken({ token })).toEqual({
    valid: true,
    claims: readClaims(token),
  })
  expect(await service.anonymous.verifyToken({ token: forged })).toEqual(bad)
  expect(await service.anonymous.verifyToken({ token: 'x' })).toEqual(bad)
  startClock()
  pass(15 * minuteMs + secondMs)
  expect(await service.anonymous.verifyToken({ token })).toEqual(bad)
  vi.useRealTimers()
  await service.own.logout({})
  expect(await service.anonymous.verifyToken({ token })).toEqual(bad)
})

test('refreshing replaces the token, and tells of a confirmation since', async () => {
  await using service = await openSite()
  const joined = await service.anonymous.register({
    username: 'ann',
    email: 'ann@example.org',
    password: 'a plain old bicycle',
    termsAccepted: true,
  })
  const [request] = (await eventsNamed(service, 'emailConfirmationRequested')) as {
    token: string
  }[]
  await service.anonymous.verifyEmail({ token: request?.token ?? '' })

  const renewed = await service.anonymous.refresh({ refreshToken: joined.refreshToken })

  expect(readClaims(joined.accessToken).confirmed).toBe(false)
  expect(readClaims(renewed.accessToken)).toMatchObject({
    confirmed: true,
    sid: readClaims(joined.accessToken).sid,
  })
  expect(renewed.user.confirmed).toBe(true)
  expect(renewed.refreshToken).not.toBe(joined.refreshToken)
})

test('where no confirmation is asked for, the token opens everything at once', async () => {
  await using service = await openSite({ REQUIRE_EMAIL_CONFIRMATION: 'false' })

  const { accessToken, user } = await service.anonymous.register({
    username: 'ann',
    email: 'ann@example.org',
    password: 'a plain old bicycle',
    termsAccepted: true,
  })

  expect(readClaims(accessToken).confirmed).toBe(true)
  expect(user.confirmed).toBe(false)
})

test('what is no refresh token is refused', async () => {
  await using service = await openSite()

  for (const refreshToken of [undefined, '', 'x', 'A'.repeat(64), 'é'.repeat(64)]) {
    await expect(service.anonymous.refresh({ refreshToken })).rejects.toMatchObject({
      code: 'refresh_token_invalid',
      status: 401,
    })
  }
})

test('an access token is no refresh token', async () => {
  await using service = await openSite()

  await expect(
    service.anonymous.refresh({ refreshToken: service.accessToken }),
  ).rejects.toMatchObject({ code: 'invalid_input' })
})

test('a session ends after a week without activity, and activity prolongs it', async () => {
  await using service = await openSite()
  startClock()

  pass(6 * dayMs)
  const token = await refresh(service, service.refreshToken)
  pass(6 * dayMs)
  const latest = await refresh(service, token)
  pass(7 * dayMs)

  await expect(service.anonymous.refresh({ refreshToken: latest })).rejects.toMatchObject({
    code: 'session_expired',
    status: 401,
  })
})

test('a token replaced longer ago than the grace ends the session when it is used again', async () => {
  await using service = await openSite()
  startClock()
  const token = await refresh(service, service.refreshToken)
  pass(10 * secondMs)

  await expect(
    service.anonymous.refresh({ refreshToken: service.refreshToken }),
  ).rejects.toMatchObject({ code: 'refresh_token_reused', status: 401 })

  await expect(service.anonymous.refresh({ refreshToken: token })).rejects.toMatchObject({
    code: 'refresh_token_invalid',
  })
  expect(await eventsNamed(service, 'sessionEnded')).toEqual([
    { sessionId: service.sid, userId: service.adaId },
  ])
  expect(await service.internally.listRevocations({})).toEqual({
    sessions: [
      { sessionId: service.sid, until: new Date(Date.now() + 15 * minuteMs).toISOString() },
    ],
    users: [],
  })
  expect(await eventsNamed(service, 'audited')).toContainEqual(
    expect.objectContaining({
      action: 'session.refreshed',
      outcome: 'failure',
      subjectId: service.adaId,
      detail: { sessionId: service.sid, reason: 'refresh_token_reused' },
    }),
  )
})

test('an exchange whose answer was lost is answered again by its id, until the next token is used', async () => {
  await using service = await openSite()
  startClock()
  const attemptId = crypto.randomUUID()
  const ask = (refreshToken: string, id?: string) =>
    service.anonymous.refresh({ refreshToken, ...(id !== undefined && { attemptId: id }) })
  const lost = await ask(service.refreshToken, attemptId)
  pass(20 * minuteMs)

  const found = await ask(service.refreshToken, attemptId)
  expect(found.refreshToken).toBe(lost.refreshToken)

  pass(10 * secondMs)
  const next = await ask(found.refreshToken ?? '', crypto.randomUUID())
  expect(next.refreshToken).not.toBe(found.refreshToken)
  await expect(ask(service.refreshToken, attemptId)).rejects.toMatchObject({
    code: 'refresh_token_reused',
  })
  await expect(ask(next.refreshToken ?? '')).rejects.toMatchObject({
    code: 'refresh_token_invalid',
  })
})

test.each([
  ['without its id', undefined],
  ['with another id', crypto.randomUUID()],
])('after the grace an exchange asked again %s is a theft', async (_, attemptId) => {
  await using service = await openSite()
  startClock()
  const { refreshToken } = service
  await service.anonymous.refresh({ refreshToken, attemptId: crypto.randomUUID() })
  pass(10 * secondMs)

  const again = { refreshToken, ...(attemptId !== undefined && { attemptId }) }
  await expect(service.anonymous.refresh(again)).rejects.toMatchObject({
    code: 'refresh_token_reused',
  })
})

test('the thief and the victim cannot both go on, whoever comes first', async () => {
  for (const thiefFirst of [true, false]) {
    await using service = await openSite()
    startClock()
    const stolen = service.refreshToken
    const kept = await refresh(service, stolen)
    pass(15 * minuteMs)

    if (thiefFirst) {
      await expect(refresh(service, stolen)).rejects.toMatchObject({ code: 'refresh_token_reused' })
      await expect(refresh(service, kept)).rejects.toMatchObject({ status: 401 })
    } else {
      const next = await refresh(service, kept)
      await expect(refresh(service, stolen)).rejects.toMatchObject({ code: 'refresh_token_reused' })
      await expect(refresh(service, next)).rejects.toMatchObject({ status: 401 })
    }
    vi.useRealTimers()
  }
})

test('a made-up secret for a real session ends it', async () => {
  await using service = await openSite()
  const bytes = Buffer.from(service.refreshToken, 'base64url')
  bytes.fill(0, 16)

  await expect(
    service.anonymous.refresh({ refreshToken: bytes.toString('base64url') }),
  ).rejects.toMatchObject({ code: 'refresh_token_reused' })
  await expect(refresh(service, service.refreshToken)).rejects.toMatchObject({ status: 401 })
})

test('tabs that refresh together all get the same token, which goes on working', async () => {
  await using service = await openSite()
  startClock()

  const tokens = await Promise.all(
    Array.from({ length: 8 }, () => refresh(service, service.refreshToken)),
  )
  pass(9 * secondMs)
  const late = await refresh(service, service.refreshToken)

  expect(new Set([...tokens, late]).size).toBe(1)
  pass(15 * minuteMs)
  expect(await refresh(service, late)).not.toBe(late)
})

test('a token older than the one before the last ends the session, however soon it comes', async () => {
  await using service = await openSite()
  const second = await refresh(service, service.refreshToken)
  const third = await refresh(service, second)

  await expect(refresh(service, service.refreshToken)).rejects.toMatchObject({
    code: 'refresh_token_reused',
  })
  await expect(refresh(service, third)).rejects.toMatchObject({ status: 401 })
})

/** Stops the first statement on sessions that sets a column first, until it is let go. */
function holdUpdate(column: string) {
  const arrived = Promise.withResolvers<void>()
  const free = Promise.withResolvers<void>()
  let holding = false
  return {
    arrived: arrived.promise,
    letGo: free.resolve,
    start() {
      holding = true
    },
    beforeStatement(sql: string) {
      if (!holding || !sql.startsWith(`update "session" set "${column}"`)) return undefined
      holding = false
      arrived.resolve()
      return free.promise
    },
  }
}

test('a token that is given out again at this very moment is not replaced', async () => {
  const { start, arrived, letGo, beforeStatement } = holdUpdate('token_hash')
  await using service = await openSite({}, { beforeStatement })
  const current = await refresh(service, service.refreshToken)
  start()

  const replacing = refresh(service, current)
  await arrived
  const again = await refresh(service, service.refreshToken)
  letGo()

  expect(again).toBe(current)
  expect(await replacing).toBe(current)
})

test('a token that is replaced while it is given out again leads to the one after it', async () => {
  const { start, arrived, letGo, beforeStatement } = holdUpdate('shared_until')
  await using service = await openSite({}, { beforeStatement })
  const current = await refresh(service, service.refreshToken)
  start()

  const again = refresh(service, service.refreshToken)
  await arrived
  const next = await refresh(service, current)
  letGo()

  expect(next).not.toBe(current)
  expect(await again).toBe(next)
})

test('a token that stays for now is not sent again: a late copy of it would overwrite the next', async () => {
  await using service = await openSite()
  await refresh(service, service.refreshToken)
  const { refreshToken: shared } = await service.anonymous.refresh({
    refreshToken: service.refreshToken,
  })

  const kept = await service.anonymous.refresh({ refreshToken: shared })

  expect(kept).toMatchObject({ accessToken: expect.any(String), user: { username: 'Ada' } })
  expect(kept).not.toHaveProperty('refreshToken')
})

test('a late answer with a token that has been given out twice does no harm', async () => {
  await using service = await openSite()
  startClock()
  const late = await refresh(service, service.refreshToken)
  const inTime = await refresh(service, service.refreshToken)

  const latest = await refresh(service, inTime)
  pass(15 * minuteMs)

  expect(late).toBe(latest)
  expect(await refresh(service, late)).toEqual(expect.any(String))
})

test('with no grace every token works once', async () => {
  await using service = await openSite({ REFRESH_GRACE_SECONDS: '0' })
  await refresh(service, service.refreshToken)

  await expect(refresh(service, service.refreshToken)).rejects.toMatchObject({
    code: 'refresh_token_reused',
  })
})

test('tabs of one browser refresh at random, answers overtake each other or are lost: nobody is signed out, and every replay is caught', async () => {
  await using service = await openSite({ MAX_SESSIONS: '100' })
  startClock()

  const result = await runBrowsers({
    rounds: 160,
    browsers: 16,
    burstsPerTheft: 32,
    graceMs: 10 * secondMs,
    random: createRandom(1),
    pass,
    signIn: async () => (await service.anonymous.login(credentials)).refreshToken ?? '',
    refresh: async (refreshToken) =>
      (await service.anonymous.refresh({ refreshToken })).refreshToken,
  })

  expect(result).toMatchObject({ falseLogOuts: [], unnoticed: [] })
  expect(result.refreshes).toBeGreaterThan(1_000)
  expect(result.replays).toBeGreaterThan(3)
  expect((await eventsNamed(service, 'sessionEnded')).length).toBe(result.replays)
}, 60_000)

test('signing out ends the session of the access token', async () => {
  await using service = await openSite()

  await service.own.logout({})

  await expect(refresh(service, service.refreshToken)).rejects.toMatchObject({ status: 401 })
  expect(await eventsNamed(service, 'sessionEnded')).toEqual([
    { sessionId: service.sid, userId: service.adaId },
  ])
  expect((await service.internally.listRevocations({})).sessions).toHaveLength(1)
})

test('signing out works with the refresh token alone, twice, and with nothing at all', async () => {
  await using service = await openSite()

  await service.anonymous.logout({ refreshToken: service.refreshToken })
  await service.anonymous.logout({ refreshToken: service.refreshToken })
  await service.anonymous.logout({})

  expect(await eventsNamed(service, 'sessionEnded')).toHaveLength(1)
})

test('sessions are listed with what a person recognises them by', async () => {
  await using service = await openSite()
  const userAgent =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'
  const client = { ip: '198.51.100.7', userAgent, local: false }
  const elsewhere = await service.as('nobody', { client }).login(credentials)

  const { items, next, count } = await service.own.listSessions({ count: true })

  expect(items).toEqual([
    {
      id: readClaims(elsewhere.accessToken).sid,
      device: { browser: 'Chrome', system: 'Linux' },
      ip: '198.51.100.7',
      createdAt: expect.any(String),
      lastActiveAt: expect.any(String),
      current: false,
    },
    {
      id: service.sid,
      device: { browser: null, system: null },
      ip: '192.0.2.1',
      createdAt: expect.any(String),
      lastActiveAt: expect.any(String),
      current: true,
    },
  ])
  expect({ next, count }).toEqual({ next: null, count: 2 })
})

const devices: [userAgent: string, browser: string | null, system: string | null][] = [
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0',
    'Firefox',
    'Windows',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0',
    'Edge',
    'Windows',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
    'Safari',
    'macOS',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0 Mobile/15E148 Safari/604.1',
    'Chrome',
    'iOS',
  ],
  [
    'Mozilla/5.0 (Linux; Android 15; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36',
    'Samsung Internet',
    'Android',
  ],
  [
    'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 OPR/120.0',
    'Opera',
    'ChromeOS',
  ],
  ['curl/8.5', null, null],
]

test('devices are told by their browser and system', async () => {
  await using service = await openSite()

  for (const [userAgent, browser, system] of devices) {
    const client = { ip: '', userAgent, local: false }
    const { accessToken } = await service.as('nobody', { client }).login(credentials)
    const { items } = await service.own.listSessions({})
    const session = items.find(({ id }) => id === readClaims(accessToken).sid)
    expect(session?.device).toEqual({ browser, system })
  }
})

test('sessions come page by page, and only the own ones', async () => {
  await using service = await openSite()
  startClock()
  for (let n = 0; n < 3; n++) {
    pass(secondMs)
    await service.anonymous.login(credentials)
  }

  const first = await service.own.listSessions({ limit: 3 })
  const second = await service.own.listSessions({ limit: 3, cursor: first.next ?? '' })
  const back = await service.own.listSessions({ limit: 3, cursor: second.previous ?? '' })

  expect(second.items.map(({ id }) => id)).toEqual([service.sid])
  expect(second.next).toBeNull()
  expect(back.items).toEqual(first.items)
  expect((await service.as('bob').listSessions({})).items).toEqual([])
  await expect(service.own.listSessions({ cursor: 'x' })).rejects.toMatchObject({
    code: 'invalid_input',
  })
})

test('one session is ended by its owner and by nobody else', async () => {
  await using service = await openSite()
  const { accessToken, refreshToken = '' } = await service.anonymous.login(credentials)
  const { sid: sessionId } = readClaims(accessToken)
  const missing = { code: 'session_not_found', status: 404 }

  await expect(service.as('bob').endSession({ sessionId })).rejects.toMatchObject(missing)
  expect(await service.own.endSession({ sessionId })).toEqual({})

  await expect(refresh(service, refreshToken)).rejects.toMatchObject({ status: 401 })
  await expect(service.own.endSession({ sessionId })).rejects.toMatchObject(missing)
  expect(await refresh(service, service.refreshToken)).toEqual(expect.any(String))
})

test('all other sessions end at once, and this one stays', async () => {
  await using service = await openSite()
  await service.anonymous.login(credentials)
  await service.anonymous.login(credentials)

  expect(await service.own.endOtherSessions({})).toEqual({ ended: 2 })
  expect(await service.own.endOtherSessions({})).toEqual({ ended: 0 })

  expect((await service.own.listSessions({})).items.map(({ id }) => id)).toEqual([service.sid])
  expect(await eventsNamed(service, 'sessionEnded')).toHaveLength(2)
})

test('beyond the greatest number of sessions the one idle longest ends', async () => {
  await using service = await openSite({ MAX_SESSIONS: '2' })
  startClock()
  pass(secondMs)
  const second = await service.anonymous.login(credentials)
  pass(secondMs)
  const active = await refresh(service, service.refreshToken)

  await service.anonymous.login(credentials)

  await expect(refresh(service, second.refreshToken ?? '')).rejects.toMatchObject({ status: 401 })
  expect(await refresh(service, active)).toEqual(expect.any(String))
  expect(await eventsNamed(service, 'sessionEnded')).toEqual([
    { sessionId: readClaims(second.accessToken).sid, userId: service.adaId },
  ])
})

test('the own account is told to whoever is signed in, without any secret', async () => {
  await using service = await openSite()

  expect(await service.own.getOwnAccount({})).toEqual({
    id: service.adaId,
    username: 'Ada',
    email: 'ada@example.org',
    role: 'admin',
    confirmed: true,
    registeredAt: expect.any(String),
  })
  await expect(service.as('ghost').getOwnAccount({})).rejects.toMatchObject({
    code: 'unauthenticated',
  })
  await expect(service.as('ghost').resendEmail({})).rejects.toMatchObject({
    code: 'unauthenticated',
  })
})

test('revocations are forgotten when no access token can be left', async () => {
  await using service = await openSite()
  startClock()
  await service.own.logout({})

  pass(15 * minuteMs)

  expect(await service.internally.listRevocations({})).toEqual({ sessions: [], users: [] })
})
