import { afterEach, expect, test, vi } from 'vitest'
import { accounts } from '../../contracts/accounts.ts'
import type { Mail } from '../../contracts/notifications.ts'
import { kitFailure } from '../../kit/failure.ts'
import { eventually, nextMillisecond, temporaryFolder, testService } from '../../kit/testing.ts'
import { notificationsService } from './index.ts'

const ann = {
  userId: 'ann',
  username: 'ann',
  email: 'ann@example.org',
  role: 'user',
  confirmed: true,
  blocked: false,
  registeredAt: '2026-01-01T00:00:00.000Z',
} as const
const site = { siteName: 'Agora', registration: 'open', requireEmailConfirmation: true } as const
const confirmation = {
  userId: 'ann',
  email: 'ann@example.org',
  username: 'ann',
  token: 'token-1',
  expiresAt: '2026-03-01T10:00:00.000Z',
}

type Options = {
  environment?: Record<string, string>
  account?: { confirmed?: boolean; blocked?: boolean }
  getSite?: () => Promise<typeof site>
  getAccount?: () => Promise<never>
  folder?: string
}

function open(options: Options = {}) {
  const { environment = {}, account, folder } = options
  return testService(notificationsService, {
    uses: {
      accounts: {
        getSite: options.getSite ?? (async () => site),
        getAccount: options.getAccount ?? (async () => ({ ...ann, ...account })),
      },
    },
    environment: { MAIL_RETRY_MS: '1', ...environment },
    retryDelaysMs: [],
    ...(folder !== undefined && { folder }),
  })
}

type Tested = Awaited<ReturnType<typeof open>>

const here = { ip: '127.0.0.1', userAgent: 'test', local: true }
const onThisMachine = (service: Tested) => service.as('nobody', { client: here })
const admin = (service: Tested) => service.as('root', { role: 'admin' })

/** What lies in the local outbox, once it is as many as expected. */
async function outbox(service: Tested, count = 1): Promise<Mail[]> {
  return eventually(
    async () => (await onThisMachine(service).listLocalMail({ limit: 100 })).items,
    ({ length }) => length === count,
  )
}

async function onlyMail(service: Tested): Promise<Mail> {
  const [mail] = await outbox(service)
  return mail as Mail
}

afterEach(() => {
  vi.useRealTimers()
})

test('what is no proper mail is put aside and nobody gets it', async () => {
  await using service = await open()
  const letter = { to: 'ann@example.org', subject: 'Hello', text: 'Hello' }

  for (const wrong of [
    { to: 'ann@example.org, eve@example.org' },
    { to: 'Ann <ann@example.org>' },
    { to: 'ann@example.org\r\nBcc: eve@example.org' },
    { subject: 'Hello\r\nBcc: eve@example.org' },
    { subject: 'Hello\u2028Bcc: eve@example.org' },
    { text: 'nul\u0000' },
    { bcc: 'eve@example.org' },
  ]) {
    await service.produce('notification.send.email', { ...letter, ...wrong })
  }
  await service.produce('notification.send.email', { ...letter, subject: 'Proper' })

  expect(await onlyMail(service)).toMatchObject({ subject: 'Proper' })
  expect((await admin(service).listMail({ count: true })).count).toBe(1)
})

test('an account whose address is no address gets no mail, and the cause is told', async () => {
  await using service = await open()

  await service.announce(accounts, 'emailConfirmationRequested', {
    ...confirmation,
    email: 'ann@example.org, eve@example.org',
  })

  const [mail] = await eventually(
    async () => (await admin(service).listMail({ state: 'failed' })).items,
    ({ length }) => length > 0,
  )
  expect(mail).toMatchObject({ cause: 'This is no address.', attempts: 1 })
})

for (const [who, account] of [
  ['a blocked', { blocked: true }],
  ['an unconfirmed', { confirmed: false }],
] as const) {
  test(`${who} account is mailed no notification`, async () => {
    await using service = await open({ account })

    await service.internally.notify({
      userId: 'ann',
      type: 'security',
      title: 'News',
      body: '',
      data: {},
    })

    await eventually(
      async () => (await admin(service).listMail({ state: 'failed' })).items,
      ({ length }) => length === 1,
    )
    expect((await onThisMachine(service).listLocalMail({})).items).toEqual([])
  })
}

test('an account that is gone is mailed nothing', async () => {
  await using service = await open({
    getAccount: () => Promise.reject(kitFailure('not_found')),
  })

  await service.internally.notify({
    userId: 'ann',
    type: 'security',
    title: 'News',
    body: '',
    data: {},
  })

  const [mail] = await eventually(
    async () => (await admin(service).listMail({ state: 'failed' })).items,
    ({ length }) => length === 1,
  )
  expect(mail).toMatchObject({ to: null, attempts: 1 })
})

test('a mail waits while accounts does not answer', async () => {
  let away = true
  const getSite = async () => {
    if (away) throw kitFailure('unavailable')
    return site
  }
  await using service = await open({ getSite, environment: { MAIL_ATTEMPTS: '100' } })
  await service.announce(accounts, 'emailConfirmationRequested', confirmation)
  await eventually(
    async () => (await admin(service).listMail({})).items,
    ([mail]) => mail?.state === 'waiting' && mail.attempts > 0,
  )

  away = false

  expect(await onlyMail(service)).toMatchObject({ state: 'sent' })
})

test('an admin lists mails by state and by address, newest first, without their text', async () => {
  await using service = await open()
  for (const to of ['a@example.org', 'b@example.org', 'c@example.org']) {
    await service.produce('notification.send.email', { to, subject: to, text: 'Secret' })
    await nextMillisecond()
  }
  await outbox(service, 3)

  const first = await admin(service).listMail({ limit: 2, state: 'sent', count: true })
  const second = await admin(service).listMail({
    limit: 2,
    state: 'sent',
    cursor: first.next ?? '',
  })

  expect(first.items.map(({ to }) => to)).toEqual(['c@example.org', 'b@example.org'])
  expect(first.count).toBe(3)
  expect(second.items.map(({ to }) => to)).toEqual(['a@example.org'])
  expect(JSON.stringify([first, second])).not.toContain('Secret')
  expect((await admin(service).listMail({ state: 'failed' })).items).toEqual([])
  expect(
    (await admin(service).listMail({ to: 'b@example.org', state: 'sent' })).items,
  ).toMatchObject([{ to: 'b@example.org' }])
})

test('an admin reads a mail in the outbox, and that is audited', async () => {
  await using service = await open()
  await service.announce(accounts, 'emailConfirmationRequested', confirmation)
  const { id } = await onlyMail(service)

  const mail = await admin(service).getMail({ mailId: id })

  expect(mail.text).toContain('#token=')
  expect(await service.events()).toEqual([
    {
      event: 'audited',
      payload: {
        action: 'mail.read',
        outcome: 'success',
        actorId: 'root',
        subjectId: id,
        ip: '192.0.2.1',
        userAgent: 'test',
        detail: {},
        at: expect.any(String),
      },
    },
  ])
})

test('an admin tries whether mail works', async () => {
  await using service = await open()

  const mail = await admin(service).sendTestMail({ to: 'admin@example.org' })

  expect(mail).toMatchObject({ to: 'admin@example.org', template: 'test', state: 'waiting' })
  expect(await onlyMail(service)).toMatchObject({ id: mail.id, subject: 'Test mail from Agora' })
  expect(await service.events()).toMatchObject([
    { event: 'audited', payload: { action: 'mail.tested', subjectId: mail.id } },
  ])
  await expect(admin(service).sendTestMail({ to: 'nobody' })).rejects.toMatchObject({
    code: 'invalid_input',
    errors: [{ field: 'to' }],
  })
})

test('a mail that has failed is sent again when an admin says so, and that is audited', async () => {
  let away = true
  const getSite = async () => {
    if (away) throw kitFailure('unavailable')
    return site
  }
  await using service = await open({ getSite, environment: { MAIL_ATTEMPTS: '1' } })
  await service.announce(accounts, 'emailConfirmationRequested', confirmation)
  const [failed] = await eventually(
    async () => (await admin(service).listMail({ state: 'failed' })).items,
    ({ length }) => length === 1,
  )
  away = false

  const mailId = failed?.id ?? ''
  expect(await admin(service).retryMail({ mailId })).toMatchObject({
    state: 'waiting',
    attempts: 0,
  })

  expect(await onlyMail(service)).toMatchObject({ id: mailId, state: 'sent' })
  expect(await service.events()).toMatchObject([
    { event: 'audited', payload: { action: 'mail.retried', subjectId: mailId } },
  ])
})

test('retryMail refuses a mail that has not failed', async () => {
  await using service = await open()
  await service.announce(accounts, 'emailConfirmationRequested', confirmation)
  const { id } = await onlyMail(service)

  await expect(admin(service).retryMail({ mailId: id })).rejects.toMatchObject({
    code: 'mail_not_failed',
    status: 409,
  })
})

test('a mail that is not there can be neither read nor sent again', async () => {
  await using service = await open()
  const missing = { code: 'mail_not_found', status: 404 }

  await expect(admin(service).getMail({ mailId: 'gone' })).rejects.toMatchObject(missing)
  await expect(admin(service).retryMail({ mailId: 'gone' })).rejects.toMatchObject(missing)
  expect(await service.events()).toEqual([])
})

test('only admins see, repeat and try mails', async () => {
  await using service = await open()
  const moderator = service.as('eve', { role: 'moderator' })
  const forbidden = { code: 'forbidden' }

  await expect(moderator.listMail({})).rejects.toMatchObject(forbidden)
  await expect(moderator.getMail({ mailId: 'x' })).rejects.toMatchObject(forbidden)
  await expect(moderator.retryMail({ mailId: 'x' })).rejects.toMatchObject(forbidden)
  await expect(moderator.sendTestMail({ to: 'a@example.org' })).rejects.toMatchObject(forbidden)
})

test('the outbox is open on this machine alone, and only while there is no mail server', async () => {
  const closed = { code: 'not_found', status: 404 }
  {
    await using service = await open()
    await expect(service.anonymous.listLocalMail({})).rejects.toMatchObject(closed)
    await expect(admin(service).listLocalMail({})).rejects.toMatchObject(closed)
    expect((await onThisMachine(service).listLocalMail({})).items).toEqual([])
  }
  for (const environment of [{ DEV_INBOX: 'false' }, { SMTP_URL: 'smtp://127.0.0.1:1' }]) {
    await using service = await open({ environment })
    await expect(onThisMachine(service).listLocalMail({})).rejects.toMatchObject(closed)
  }
})

test('listLocalMail finds the mail to one address, and pages', async () => {
  await using service = await open()
  for (const [to, subject] of [
    ['a@example.org', '1'],
    ['b@example.org', '2'],
    ['a@example.org', '3'],
  ] as const) {
    await service.produce('notification.send.email', { to, subject, text: 'Hello' })
    await nextMillisecond()
  }
  await outbox(service, 3)

  const first = await onThisMachine(service).listLocalMail({
    to: 'a@example.org',
    limit: 1,
    count: true,
  })
  const second = await onThisMachine(service).listLocalMail({
    to: 'a@example.org',
    limit: 1,
    cursor: first.next ?? '',
  })

  expect(first).toMatchObject({ items: [{ subject: '3', text: 'Hello' }], count: 2 })
  expect(second).toMatchObject({ items: [{ subject: '1' }], next: null })
})

test('mails go after MAIL_DAYS, and those still in line stay', async () => {
  using folder = temporaryFolder()
  let away = false
  const getSite = async () => {
    if (away) throw kitFailure('unavailable')
    return site
  }
  const letter = { to: 'ann@example.org', text: 'Hello' }
  const options = { getSite, folder: folder.path, environment: { MAIL_ATTEMPTS: '100' } }
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) })
  {
    await using service = await open(options)
    await service.produce('notification.send.email', { ...letter, subject: 'old' })
    await outbox(service, 1)
    vi.setSystemTime(Date.UTC(2026, 0, 8))
    await service.produce('notification.send.email', { ...letter, subject: 'young' })
    await outbox(service, 2)
    vi.setSystemTime(Date.UTC(2026, 0, 1))
    away = true
    await service.produce('notification.send.email', { ...letter, subject: 'in line' })
  }
  vi.setSystemTime(Date.UTC(2026, 0, 10))

  const environment = { ...options.environment, MAIL_DAYS: '5' }
  await using service = await open({ ...options, environment })
  expect(await onlyMail(service)).toMatchObject({ subject: 'young' })
  away = false
  vi.setSystemTime(Date.UTC(2026, 0, 10, 1))

  const subjects = (await outbox(service, 2)).map(({ subject }) => subject)
  expect(subjects.toSorted()).toEqual(['in line', 'young'])
})
