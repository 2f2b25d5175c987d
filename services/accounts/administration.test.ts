import { afterEach, expect, test, vi } from 'vitest'
import { eventually, testService } from '../../kit/testing.ts'
import { accountsService } from './index.ts'

const environment = {
  SIGNING_KEY: Buffer.alloc(32, 7).toString('base64'),
  SETUP_CODE: 'let me in first',
}
const password = 'a plain old bicycle'
const secondMs = 1_000
const hourMs = 3_600_000

async function openSite() {
  const service = await testService(accountsService, { environment })
  const { user } = await service.anonymous.completeSetup({
    siteName: 'Agora',
    username: 'Ada',
    email: 'ada@example.org',
    password,
    setupCode: 'let me in first',
  })
  const admin = service.as(user.id, { role: 'admin' })
  const moderator = service.as('moderator', { role: 'moderator' })
  return Object.assign(service, { admin, moderator, adminId: user.id })
}

type Service = Awaited<ReturnType<typeof openSite>>

async function join(service: Service, username: string) {
  const email = `${username}@example.org`
  const answer = await service.anonymous.register({
    username,
    email,
    password,
    termsAccepted: true,
  })
  return { userId: answer.user.id, refreshToken: answer.refreshToken ?? '', ...answer }
}

async function eventsAfter(service: Service, position: number) {
  return (await service.events()).slice(position)
}

function readClaims(accessToken: string) {
  return JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString())
}

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test('accounts are listed newest first, page by page and back', async () => {
  await using service = await openSite()
  const { userId: annId, user: ann } = await join(service, 'ann')
  await join(service, 'bob')

  const first = await service.admin.listAccounts({ limit: 2, count: true })
  const second = await service.admin.listAccounts({ limit: 2, cursor: first.next ?? '' })
  const back = await service.admin.listAccounts({ limit: 2, cursor: second.previous ?? '' })

  expect(first.count).toBe(3)
  expect(first.items.map(({ username }) => username)).toEqual(['bob', 'ann'])
  expect(second.items.map(({ username }) => username)).toEqual(['Ada'])
  expect(second.next).toBeNull()
  expect(back.items).toEqual(first.items)
  expect(first.items[1]).toEqual({
    id: annId,
    username: 'ann',
    email: 'ann@example.org',
    role: 'user',
    confirmed: false,
    registeredAt: ann.registeredAt,
    lastLoginAt: ann.registeredAt,
    block: null,
  })
})

test('accounts are found by a part of name or address, by role and by block', async () => {
  await using service = await openSite()
  const { userId } = await join(service, 'ann_b')
  await join(service, 'annxb')
  await service.admin.blockAccount({ userId, reason: 'Spam' })
  const find = async (filter: Parameters<Service['admin']['listAccounts']>[0]) => {
    const { items, count } = await service.admin.listAccounts({ ...filter, count: true })
    expect(count).toBe(items.length)
    return items.map(({ username }) => username)
  }

  expect(await find({ search: 'NN' })).toEqual(['annxb', 'ann_b'])
  expect(await find({ search: 'n_b' })).toEqual(['ann_b'])
  expect(await find({ search: '%' })).toEqual([])
  expect(await find({ search: '\\' })).toEqual([])
  expect(await find({ search: 'ada@' })).toEqual(['Ada'])
  expect(await find({ role: 'admin' })).toEqual(['Ada'])
  expect(await find({ blocked: true })).toEqual(['ann_b'])
  expect(await find({ blocked: false })).toEqual(['annxb', 'Ada'])
})

test('only admins see accounts', async () => {
  await using service = await openSite()

  await expect(service.moderator.listAccounts({})).rejects.toMatchObject({ code: 'forbidden' })
  await expect(service.anonymous.listAccounts({})).rejects.toMatchObject({
    code: 'unauthenticated',
  })
})

test('a block ends every session at once and announces all of it', async () => {
  await using service = await openSite()
  const { userId, refreshToken, accessToken } = await join(service, 'eve')
  const other = await service.anonymous.login({ identifier: 'eve', password })
  const sessionIds = [accessToken, other.accessToken].map((token) => readClaims(token).sid)
  const before = (await service.events()).length

  const account = await service.moderator.blockAccount({ userId, reason: 'Spam' })

  expect(account.block).toEqual({ reason: 'Spam', since: expect.any(String), until: null })
  const events = await eventsAfter(service, before)
  const ended = events.filter(({ event }) => event === 'sessionEnded')
  expect(ended.map(({ payload }) => (payload as { sessionId: string }).sessionId).sort()).toEqual(
    sessionIds.sort(),
  )
  const rest = events.filter(({ event }) => event !== 'sessionEnded' && event !== 'audited')
  expect(rest).toEqual([
    { event: 'accountBlocked', payload: { userId, reason: 'Spam', until: null } },
    {
      event: 'accountChanged',
      payload: { userId, username: 'eve', role: 'user', blocked: true },
    },
  ])
  expect(events.at(-1)).toEqual({
    event: 'audited',
    payload: {
      action: 'account.blocked',
      outcome: 'success',
      actorId: 'moderator',
      subjectId: userId,
      ip: '192.0.2.1',
      userAgent: 'test',
      detail: { reason: 'Spam', until: null },
      at: expect.any(String),
    },
  })
  await expect(service.anonymous.refresh({ refreshToken })).rejects.toMatchObject({ status: 401 })
  const { sessions } = await service.internally.listRevocations({})
  expect(sessions.map(({ sessionId }) => sessionId).sort()).toEqual(sessionIds)
  expect(await service.internally.getAccount({ userId })).toMatchObject({ blocked: true })
})

test('a lifted block lets the person in again and is announced once', async () => {
  await using service = await openSite()
  const { userId } = await join(service, 'eve')
  await service.admin.blockAccount({ userId, reason: 'Spam' })
  const before = (await service.events()).length

  const account = await service.moderator.unblockAccount({ userId })
  await service.moderator.unblockAccount({ userId })

  expect(account.block).toBeNull()
  expect((await eventsAfter(service, before)).slice(0, 2)).toEqual([
    { event: 'accountUnblocked', payload: { userId } },
    {
      event: 'accountChanged',
      payload: { userId, username: 'eve', role: 'user', blocked: false },
    },
  ])
  expect(await eventsAfter(service, before)).toHaveLength(3)
  const { user } = await service.anonymous.login({ identifier: 'eve', password })
  expect(user.id).toBe(userId)
})

test('a block that has run out holds no more, and is announced as lifted', async () => {
  const planned = vi.spyOn(globalThis, 'setTimeout')
  await using service = await openSite()
  const [turn] = planned.mock.calls.find(([, delay]) => delay === 60_000) ?? []
  const { userId } = await join(service, 'eve')
  const until = new Date(Date.now() + hourMs).toISOString()
  await service.admin.blockAccount({ userId, reason: 'Spam', until })
  const before = (await service.events()).length

  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hourMs + secondMs })
  expect(await service.internally.getAccount({ userId })).toMatchObject({ blocked: false })
  expect((await service.admin.listAccounts({ blocked: true })).items).toEqual([])
  turn?.()

  const events = await eventually(
    () => eventsAfter(service, before),
    ({ length }) => length > 0,
  )
  expect(events.slice(0, 2)).toEqual([
    { event: 'accountUnblocked', payload: { userId } },
    {
      event: 'accountChanged',
      payload: { userId, username: 'eve', role: 'user', blocked: false },
    },
  ])
  const { user } = await service.anonymous.login({ identifier: 'eve', password })
  expect(user.id).toBe(userId)
})

test('a person may sign in the moment a block has run out', async () => {
  await using service = await openSite()
  const { userId } = await join(service, 'eve')
  const until = new Date(Date.now() + hourMs).toISOString()
  await service.admin.blockAccount({ userId, reason: 'Spam', until })
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(until) })

  const { user } = await service.anonymous.login({ identifier: 'eve', password })

  expect(user.id).toBe(userId)
})

test('a block in the past is refused, and one of nobody', async () => {
  await using service = await openSite()
  const { userId } = await join(service, 'eve')
  const until = new Date(Date.now() - secondMs).toISOString()

  await expect(service.admin.blockAccount({ userId, reason: 'Spam', until })).rejects.toMatchObject(
    { code: 'invalid_input', errors: [{ field: 'until' }] },
  )
  for (const call of [
    () => service.admin.blockAccount({ userId: 'x', reason: 'Spam' }),
    () => service.admin.unblockAccount({ userId: 'x' }),
    () => service.admin.changeRole({ userId: 'x', role: 'user' }),
    () => service.internally.getAccount({ userId: 'x' }),
    () => service.internally.renameAccount({ userId: 'x', username: 'xxx' }),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'account_not_found', status: 404 })
  }
})

test('moderators block users only, and users nobody', async () => {
  await using service = await openSite()
  const { userId } = await join(service, 'eve')
  const forbidden = { code: 'forbidden', status: 403 }

  await expect(
    service.moderator.blockAccount({ userId: service.adminId, reason: 'x' }),
  ).rejects.toMatchObject(forbidden)
  await expect(service.as('bob').blockAccount({ userId, reason: 'x' })).rejects.toMatchObject(
    forbidden,
  )
  await expect(service.moderator.changeRole({ userId, role: 'admin' })).rejects.toMatchObject(
    forbidden,
  )
  await service.admin.changeRole({ userId, role: 'moderator' })
  await service.admin.blockAccount({ userId, reason: 'x' })
  await expect(service.moderator.unblockAccount({ userId })).rejects.toMatchObject(forbidden)
})

test('the last admin keeps the role and is not blocked', async () => {
  await using service = await openSite()
  const { userId } = await join(service, 'eve')
  await service.admin.changeRole({ userId, role: 'admin' })
  await service.admin.blockAccount({ userId, reason: 'Away' })
  const refused = { code: 'last_admin', status: 409 }

  await expect(
    service.admin.changeRole({ userId: service.adminId, role: 'user' }),
  ).rejects.toMatchObject(refused)
  await expect(
    service.admin.blockAccount({ userId: service.adminId, reason: 'x' }),
  ).rejects.toMatchObject(refused)

  expect((await service.events()).at(-1)?.payload).toMatchObject({
    action: 'account.blocked',
    outcome: 'failure',
    subjectId: service.adminId,
    detail: { reason: 'last_admin' },
  })
})

test('of two admins who take the role from each other at once, one remains', async () => {
  await using service = await openSite()
  const { userId } = await join(service, 'eve')
  await service.admin.changeRole({ userId, role: 'admin' })

  const outcomes = await Promise.allSettled([
    service.admin.changeRole({ userId, role: 'user' }),
    service.as(userId, { role: 'admin' }).changeRole({ userId: service.adminId, role: 'user' }),
  ])

  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect((await service.admin.listAccounts({ role: 'admin' })).items).toHaveLength(1)
})

test('another role counts from the next token on, and makes earlier ones void', async () => {
  await using service = await openSite()
  const { userId, refreshToken, accessToken } = await join(service, 'eve')
  const before = (await service.events()).length

  await service.admin.changeRole({ userId, role: 'moderator' })
  const renewed = await service.anonymous.refresh({ refreshToken })

  expect((await eventsAfter(service, before))[0]).toEqual({
    event: 'accountChanged',
    payload: { userId, username: 'eve', role: 'moderator', blocked: false },
  })
  const { users } = await service.internally.listRevocations({})
  expect(users).toEqual([{ userId, issuedBefore: expect.any(String), until: expect.any(String) }])
  const voidBefore = Date.parse(users[0]?.issuedBefore ?? '') / secondMs
  expect(readClaims(accessToken).iat).toBeLessThan(voidBefore)
  expect(readClaims(renewed.accessToken).iat).toBeGreaterThanOrEqual(voidBefore)
  expect(readClaims(renewed.accessToken).role).toBe('moderator')
  expect(await service.anonymous.verifyToken({ token: accessToken })).toMatchObject({
    valid: false,
  })
  expect(await service.anonymous.verifyToken({ token: renewed.accessToken })).toMatchObject({
    valid: true,
  })
})

test('the same role again changes nothing', async () => {
  await using service = await openSite()
  const before = (await service.events()).length

  const account = await service.admin.changeRole({ userId: service.adminId, role: 'admin' })

  expect(account.role).toBe('admin')
  expect(await eventsAfter(service, before)).toEqual([])
})

test('a username is changed for another service, shown as typed and told to everybody', async () => {
  await using service = await openSite()
  const { userId } = await join(service, 'eve')
  const before = (await service.events()).length

  await service.internally.renameAccount({ userId, username: 'EVE' })
  await service.internally.renameAccount({ userId, username: 'Eva' })
  await service.internally.renameAccount({ userId, username: 'Eva' })

  const changes = (await eventsAfter(service, before)).filter(
    ({ event }) => event === 'accountChanged',
  )
  expect(changes.map(({ payload }) => (payload as { username: string }).username)).toEqual([
    'EVE',
    'Eva',
  ])
  await expect(service.internally.renameAccount({ userId, username: 'ADA' })).rejects.toMatchObject(
    { code: 'username_taken', status: 409 },
  )
  const { user } = await service.anonymous.login({ identifier: 'eva', password })
  expect(user.username).toBe('Eva')
})

test('other services ask for several accounts at once', async () => {
  await using service = await openSite()
  const { userId } = await join(service, 'eve')

  const { accounts: known } = await service.internally.getAccounts({
    userIds: [userId, 'nobody', service.adminId, userId],
  })

  expect(known.map(({ username }) => username).sort()).toEqual(['Ada', 'eve'])
  expect(known).toContainEqual(await service.internally.getAccount({ userId }))
  expect(await service.internally.getAccounts({ userIds: [] })).toEqual({ accounts: [] })
})

test('what is for other services is not for people', async () => {
  await using service = await openSite()
  const missing = { code: 'not_found', status: 404 }

  await expect(service.admin.getAccount({ userId: 'x' })).rejects.toMatchObject(missing)
  await expect(service.admin.getAccounts({ userIds: ['x'] })).rejects.toMatchObject(missing)
  await expect(service.admin.listRevocations({})).rejects.toMatchObject(missing)
  await expect(service.admin.getSigningKeys({})).rejects.toMatchObject(missing)
})
