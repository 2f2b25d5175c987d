import { afterEach, expect, test, vi } from 'vitest'
import type { CallContext } from '../../kit/context.ts'
import { openTestStores, temporaryFolder, testService } from '../../kit/testing.ts'
import { accountsService } from './index.ts'

const environment = {
  SIGNING_KEY: Buffer.alloc(32, 7).toString('base64'),
  SETUP_CODE: 'let me in first',
}
const ada = {
  siteName: 'Agora',
  username: 'Ada',
  email: 'ada@example.org',
  password: 'difference engine 2',
  setupCode: 'let me in first',
}
const ann = {
  username: 'Ann.B',
  email: 'Ann@Example.org',
  password: 'a plain old bicycle',
  termsAccepted: true,
}
const here: CallContext['client'] = { ip: '127.0.0.1', userAgent: 'test', local: true }
const lateMs = 10_000

async function openSite(settings: Record<string, string> = {}) {
  const service = await testService(accountsService, {
    environment: { ...environment, ...settings },
  })
  const { user } = await service.anonymous.completeSetup(ada)
  return Object.assign(service, { admin: service.as(user.id, { role: 'admin' }), adminId: user.id })
}

type Service = Awaited<ReturnType<typeof openSite>>

async function namesOfEvents(service: Service) {
  return (await service.events()).map(({ event }) => event)
}

async function audited(service: Service) {
  const entries = (await service.events()).filter(({ event }) => event === 'audited')
  return entries.map(({ payload }) => payload as Record<string, unknown>)
}

async function mailedTokens(service: Service): Promise<string[]> {
  return (await service.events())
    .filter(({ event }) => event === 'emailConfirmationRequested')
    .map(({ payload }) => (payload as { token: string }).token)
}

afterEach(() => void vi.useRealTimers())

test('a new installation asks for set-up, and for the code when it is not this machine', async () => {
  await using service = await testService(accountsService, { environment })

  const fromAfar = await service.anonymous.getSetup({})
  const fromHere = await service.as('nobody', { client: here }).getSetup({})

  expect(fromAfar).toEqual({
    needed: true,
    codeNeeded: true,
    siteName: 'Stoa',
    registration: 'closed',
    requireEmailConfirmation: true,
  })
  expect(fromHere).toMatchObject({ needed: true, codeNeeded: false })
})

test('set-up makes a confirmed admin with a session, and names the site', async () => {
  await using service = await testService(accountsService, { environment })

  const answer = await service.anonymous.completeSetup(ada)

  expect(answer).toEqual({
    accessToken: expect.any(String),
    expiresIn: 900,
    refreshToken: expect.any(String),
    user: {
      id: expect.any(String),
      username: 'Ada',
      email: 'ada@example.org',
      role: 'admin',
      confirmed: true,
      registeredAt: expect.any(String),
    },
  })
  expect(await service.anonymous.getSetup({})).toEqual({
    needed: false,
    codeNeeded: false,
    siteName: 'Agora',
    registration: 'open',
    requireEmailConfirmation: true,
  })
  const userId = answer.user.id
  expect((await service.events()).filter(({ event }) => event !== 'audited')).toEqual([
    {
      event: 'accountRegistered',
      payload: {
        userId,
        username: 'Ada',
        displayName: 'Ada',
        email: 'ada@example.org',
        role: 'admin',
        profile: {},
        registeredAt: answer.user.registeredAt,
      },
    },
    { event: 'accountConfirmed', payload: { userId, email: 'ada@example.org', username: 'Ada' } },
    { event: 'sessionStarted', payload: { userId, sessionId: expect.any(String) } },
  ])
})

test('from this machine set-up needs no code', async () => {
  await using service = await testService(accountsService, { environment })
  const { setupCode: _, ...withoutCode } = ada

  const { user } = await service.as('nobody', { client: here }).completeSetup(withoutCode)

  expect(user.role).toBe('admin')
})

test('set-up from elsewhere is refused without the right code, or when there is none', async () => {
  await using service = await testService(accountsService, { environment })
  await using codeless = await testService(accountsService, {
    environment: { SIGNING_KEY: environment.SIGNING_KEY },
  })
  const refused = { code: 'setup_code_wrong', status: 403 }

  await expect(service.anonymous.completeSetup({ ...ada, setupCode: 'x' })).rejects.toMatchObject(
    refused,
  )
  await expect(codeless.anonymous.completeSetup({ ...ada, setupCode: '' })).rejects.toMatchObject(
    refused,
  )
  expect(await service.events()).toEqual([
    {
      event: 'audited',
      payload: {
        action: 'site.set_up',
        outcome: 'failure',
        actorId: null,
        subjectId: null,
        ip: '192.0.2.1',
        userAgent: 'test',
        detail: { reason: 'setup_code_wrong' },
        at: expect.any(String),
      },
    },
  ])
})

test('set-up happens once, also when two try at the same time', async () => {
  await using service = await testService(accountsService, { environment })

  const outcomes = await Promise.allSettled([
    service.anonymous.completeSetup(ada),
    service.anonymous.completeSetup({ ...ada, username: 'Eve', email: 'eve@example.org' }),
  ])

  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  const lost = outcomes.find((outcome) => outcome.status === 'rejected')
  expect(lost?.reason).toMatchObject({ code: 'setup_done', status: 409 })
  await expect(service.anonymous.completeSetup(ada)).rejects.toMatchObject({ code: 'setup_done' })
})

test('nobody signs up, and no site is changed, before set-up', async () => {
  await using service = await testService(accountsService, { environment })
  const admin = service.as('ada', { role: 'admin' })
  const refused = { code: 'setup_needed', status: 409 }

  await expect(service.anonymous.register(ann)).rejects.toMatchObject(refused)
  await expect(admin.updateSite({ siteName: 'Stoa' })).rejects.toMatchObject(refused)
})

test('an admin renames the site and closes it; others may not', async () => {
  await using service = await openSite()

  const site = await service.admin.updateSite({ siteName: 'Lyceum', registration: 'closed' })

  expect(site).toEqual({
    siteName: 'Lyceum',
    registration: 'closed',
    requireEmailConfirmation: true,
  })
  expect(await service.internally.getSite({})).toEqual(site)
  await expect(service.anonymous.register(ann)).rejects.toMatchObject({
    code: 'registration_closed',
    status: 403,
  })
  await expect(service.as('bob').updateSite({ siteName: 'x' })).rejects.toMatchObject({
    code: 'forbidden',
  })
})

test('signing up gives a session and announces account, mail and session in order', async () => {
  await using service = await openSite()
  const before = (await service.events()).length

  const { user } = await service.anonymous.register({
    ...ann,
    passwordRepeat: ann.password,
    displayName: 'Ann Bee',
    locale: 'pt-BR',
    firstName: 'Ann',
    country: 'Portugal',
    publicEmail: false,
    personalWebsite: 'https://ann.example.org/',
  })

  expect(user).toEqual({
    id: expect.any(String),
    username: 'Ann.B',
    email: 'ann@example.org',
    role: 'user',
    confirmed: false,
    registeredAt: expect.any(String),
  })
  const userId = user.id
  const announced = (await service.events()).slice(before)
  expect(announced.filter(({ event }) => event !== 'audited')).toEqual([
    {
      event: 'accountRegistered',
      payload: {
        userId,
        username: 'Ann.B',
        displayName: 'Ann Bee',
        email: 'ann@example.org',
        role: 'user',
        locale: 'pt-BR',
        profile: {
          firstName: 'Ann',
          country: 'Portugal',
          publicEmail: false,
          personalWebsite: 'https://ann.example.org/',
        },
        registeredAt: user.registeredAt,
      },
    },
    {
      event: 'emailConfirmationRequested',
      payload: {
        userId,
        email: 'ann@example.org',
        username: 'Ann.B',
        token: expect.stringMatching(/^[\w-]{43}$/),
        expiresAt: expect.any(String),
      },
    },
    { event: 'sessionStarted', payload: { userId, sessionId: expect.any(String) } },
  ])
  expect(await service.internally.getAccount({ userId })).toEqual({
    userId,
    username: 'Ann.B',
    email: 'ann@example.org',
    role: 'user',
    confirmed: false,
    blocked: false,
    registeredAt: user.registeredAt,
  })
  expect(await audited(service)).toContainEqual(
    expect.objectContaining({ action: 'account.registered', outcome: 'success', actorId: userId }),
  )
})

test('a username is taken whatever its case, and an e-mail address too', async () => {
  await using service = await openSite()
  await service.anonymous.register(ann)
  const before = (await namesOfEvents(service)).filter((event) => event !== 'audited')

  await expect(
    service.anonymous.register({ ...ann, username: 'ANN.b', email: 'other@example.org' }),
  ).rejects.toMatchObject({ code: 'username_taken', status: 409 })
  await expect(
    service.anonymous.register({ ...ann, username: 'other', email: 'ANN@example.ORG' }),
  ).rejects.toMatchObject({ code: 'account_exists', status: 409 })

  expect((await namesOfEvents(service)).filter((event) => event !== 'audited')).toEqual(before)
  expect(await audited(service)).toContainEqual(
    expect.objectContaining({ outcome: 'failure', detail: { reason: 'account_exists' } }),
  )
})

test('of many who want one username or one address at once, one gets it', async () => {
  await using service = await openSite()

  const namesakes = await Promise.allSettled(
    [1, 2, 3, 4].map((n) => service.anonymous.register({ ...ann, email: `n${n}@example.org` })),
  )
  const housemates = await Promise.allSettled(
    [1, 2, 3, 4].map((n) =>
      service.anonymous.register({ ...ann, username: `mate${n}`, email: 'home@example.org' }),
    ),
  )

  for (const [outcomes, code] of [
    [namesakes, 'username_taken'],
    [housemates, 'account_exists'],
  ] as const) {
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refusals).toHaveLength(3)
    for (const { reason } of refusals) expect(reason).toMatchObject({ code })
  }
})

test('without the terms nobody signs up', async () => {
  await using service = await openSite()

  await expect(service.anonymous.register({ ...ann, termsAccepted: false })).rejects.toMatchObject({
    code: 'terms_not_accepted',
    status: 403,
  })
})

test.each([
  ['аnn', 'a Cyrillic letter'],
  ['ann\u200b', 'an invisible space'],
  ['ａｎｎ', 'wide letters'],
  ['ann b', 'a space'],
  ['an', 'two letters'],
  ['a'.repeat(31), 'thirty-one letters'],
  ['...', 'neither letter nor digit'],
  ['ann@home', 'an at sign'],
])('the username %j is refused: %s', async (username) => {
  await using service = await testService(accountsService, { environment })

  await expect(service.anonymous.register({ ...ann, username })).rejects.toMatchObject({
    code: 'invalid_input',
    errors: expect.arrayContaining([expect.objectContaining({ field: 'username' })]),
  })
})

test.each([
  ['email', 'nobody'],
  ['email', `${'a'.repeat(250)}@example.org`],
  ['displayName', 'a\u202eb'],
  ['displayName', ' '],
  ['firstName', 'a\0b'],
  ['bio', '\ud800'],
  ['phoneNumber', '12'],
  ['personalWebsite', 'javascript:alert(1)'],
  ['locale', '../etc'],
  ['role', 'admin'],
])('the field %s is refused when it is %j', async (field, value) => {
  await using service = await testService(accountsService, { environment })

  await expect(
    service.anonymous.register({ ...ann, [field]: value } as typeof ann),
  ).rejects.toMatchObject({
    code: 'invalid_input',
    errors: expect.arrayContaining([expect.objectContaining({ field })]),
  })
})

test('by invitation, a code lets in as many as it was made for', async () => {
  await using service = await openSite()
  await service.admin.updateSite({ registration: 'invitation' })
  const refused = { code: 'invitation_invalid', status: 403 }

  const invitation = await service.admin.createInvitation({ uses: 2, note: 'the choir' })
  const invitationCode = invitation.code
  const outcomes = await Promise.allSettled(
    ['bea', 'cas', 'dan'].map((username) =>
      service.anonymous.register({
        ...ann,
        username,
        email: `${username}@example.org`,
        invitationCode,
      }),
    ),
  )

  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
  expect(outcomes.find((outcome) => outcome.status === 'rejected')?.reason).toMatchObject(refused)
  await expect(service.anonymous.register(ann)).rejects.toMatchObject(refused)
  const { items } = await service.admin.listInvitations({})
  expect(items).toEqual([
    {
      id: invitation.id,
      note: 'the choir',
      uses: 2,
      usesLeft: 0,
      createdBy: service.adminId,
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
    },
  ])
})

test('a sign-up that fails does not use up the invitation', async () => {
  await using service = await openSite()
  await service.admin.updateSite({ registration: 'invitation' })
  const { code: invitationCode } = await service.admin.createInvitation({})

  await expect(
    service.anonymous.register({ ...ann, username: 'ada', invitationCode }),
  ).rejects.toMatchObject({ code: 'username_taken' })

  const { user } = await service.anonymous.register({ ...ann, invitationCode })
  expect(user.username).toBe('Ann.B')
})

test('an invitation is void when it is out of date or taken back', async () => {
  await using service = await openSite()
  await service.admin.updateSite({ registration: 'invitation' })
  const old = await service.admin.createInvitation({ days: 1 })
  const taken = await service.admin.createInvitation({})

  await service.admin.deleteInvitation({ invitationId: taken.id })
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 3_600_000 })

  for (const { code } of [old, taken]) {
    await expect(
      service.anonymous.register({ ...ann, invitationCode: code }),
    ).rejects.toMatchObject({ code: 'invitation_invalid' })
  }
  await expect(service.admin.deleteInvitation({ invitationId: taken.id })).rejects.toMatchObject({
    code: 'invitation_not_found',
    status: 404,
  })
})

test('invitations are for admins, and listed newest first, page by page', async () => {
  await using service = await openSite()
  const made: string[] = []
  vi.useFakeTimers({ toFake: ['Date'] })
  for (const note of ['one', 'two', 'three']) {
    vi.setSystemTime(Date.now() + 1)
    made.unshift((await service.admin.createInvitation({ note })).id)
  }

  const first = await service.admin.listInvitations({ limit: 2, count: true })
  const second = await service.admin.listInvitations({ limit: 2, cursor: first.next ?? '' })
  const back = await service.admin.listInvitations({ limit: 2, cursor: second.previous ?? '' })

  expect(first.count).toBe(3)
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(made)
  expect(back.items).toEqual(first.items)
  await expect(service.as('bob').createInvitation({})).rejects.toMatchObject({ code: 'forbidden' })
})

test('the token of the mail confirms the address once', async () => {
  await using service = await openSite()
  const { user } = await service.anonymous.register(ann)
  const [token = ''] = await mailedTokens(service)

  expect(await service.anonymous.verifyEmail({ token })).toEqual({ username: 'Ann.B' })

  expect(await service.internally.getAccount({ userId: user.id })).toMatchObject({
    confirmed: true,
  })
  expect((await service.events()).at(-2)).toEqual({
    event: 'accountConfirmed',
    payload: { userId: user.id, email: 'ann@example.org', username: 'Ann.B' },
  })
  await expect(service.anonymous.verifyEmail({ token })).rejects.toMatchObject({
    code: 'already_confirmed',
    status: 409,
  })
  await expect(service.as(user.id, { confirmed: false }).resendEmail({})).rejects.toMatchObject({
    code: 'already_confirmed',
    status: 409,
  })
})

test('one token used many times at once confirms once', async () => {
  await using service = await openSite()
  await service.anonymous.register(ann)
  const [token = ''] = await mailedTokens(service)

  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, () => service.anonymous.verifyEmail({ token })),
  )

  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const confirmed = (await service.events()).filter(({ event, payload }) => {
    const { username } = payload as { username?: string }
    return event === 'accountConfirmed' && username === 'Ann.B'
  })
  expect(confirmed).toHaveLength(1)
})

test('an unknown token is refused, and one after a day', async () => {
  await using service = await openSite()
  await service.anonymous.register(ann)
  const [token = ''] = await mailedTokens(service)

  await expect(service.anonymous.verifyEmail({ token: 'x' })).rejects.toMatchObject({
    code: 'token_invalid',
    status: 404,
  })
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 24 * 3_600_000 + lateMs })
  await expect(service.anonymous.verifyEmail({ token })).rejects.toMatchObject({
    code: 'token_expired',
    status: 410,
  })
  expect(await audited(service)).toContainEqual(
    expect.objectContaining({ action: 'email.confirmed', detail: { reason: 'token_expired' } }),
  )
})

test('asking for the mail again ends the former link', async () => {
  await using service = await openSite()
  const { user } = await service.anonymous.register(ann)

  const { expiresAt } = await service.as(user.id, { confirmed: false }).resendEmail({})

  const [former = '', token = ''] = await mailedTokens(service)
  expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now())
  await expect(service.anonymous.verifyEmail({ token: former })).rejects.toMatchObject({
    code: 'token_invalid',
  })
  expect(await service.anonymous.verifyEmail({ token })).toEqual({ username: 'Ann.B' })
})

test('accounts, sessions and invitations outlive a restart, and no secret lies in the database', async () => {
  using folder = temporaryFolder()
  const open = () => testService(accountsService, { environment, folder: folder.path })
  let refreshToken = ''
  {
    await using service = await open()
    const answer = await service.anonymous.completeSetup(ada)
    refreshToken = answer.refreshToken ?? ''
  }
  await using service = await open()

  expect((await service.anonymous.refresh({ refreshToken })).user.username).toBe('Ada')
  const stores = openTestStores(folder.path)
  const store = await stores.open<Record<string, object>>('accounts')
  const tables = ['account', 'session', 'oneTimeToken', 'invitation']
  const rows = tables.map((table) => store.db.selectFrom(table).selectAll().execute())
  const stored = JSON.stringify(await Promise.all(rows))
  await store.close()
  await stores.close()
  expect(stored).not.toContain(ada.password)
  expect(stored).not.toContain(refreshToken)
  expect(stored).not.toContain(refreshToken.slice(22))
  expect(stored).toContain('$argon2id$v=19$m=19456,t=2,p=1$')
})
