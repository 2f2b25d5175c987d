import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, expect, test, vi } from 'vitest'
import { eventually, temporaryFolder, testService } from '../../kit/testing.ts'
import { notificationsService } from './index.ts'

/** Names 127.0.0.1, signed by itself, and trusted by nobody unless a test says so. */
const certificate = new X509Certificate(
  Buffer.from(
    'MIIBmjCCAUGgAwIBAgIUdyPXRwywULnqDBQEvT8AVE7u1QQwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTEwNTg0M1oYDzIxMjYxMDI4MTA1ODQzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS/raO2PGhp9aAnO7Nh6nVuLM1Un52xUKlh4ZZaIof/tiq2yAGJ5042spJGJedk41MR/fSJ3oZJ1E37f/KDP8wzo28wbTAdBgNVHQ4EFgQUMpn43OHR4Ad7g4EntYYAhmW7cicwHwYDVR0jBBgwFoAUMpn43OHR4Ad7g4EntYYAhmW7cicwDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZIzj0EAwIDRwAwRAIgcSUXJexAuHgaq3DTkfmAyGN1SDdIz/qOZ6DRN28+bFcCIGQ2X89Yeq3zZGhk8bO0OfeXG0uf9x3Ff8nklH2JklDT',
    'base64',
  ),
).toString()
const key = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    x: 'v62jtjxoafWgJzuzYep1bizNVJ-dsVCpYeGWWiKH_7Y',
    y: 'KrbIAYnnTjaykkYl52TjUxH99InehknUTft_8oM_zDM',
    d: '-BHf91_XM4WtNpKLi0GWbeSndFtnxmNs9Srlmp7k8YI',
  },
}).export({ format: 'pem', type: 'pkcs8' })
const trusted = tls.getCACertificates('default')

type Received = { from: string; to: string[]; headers: string; raw: string; secure: boolean }
type Answer = (nth: number) => Error | undefined | Promise<Error | undefined>

function reply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}

/** A mail server on this machine; `answer` decides about each mail that arrives. */
async function openMailServer({
  answer = () => undefined,
  port = 0,
  ...options
}: SMTPServerOptions & { answer?: Answer; port?: number } = {}) {
  const received: Received[] = []
  const logins: string[] = []
  const seen = { connections: 0, most: 0 }
  let current = 0
  const server = new SMTPServer({
    key,
    cert: certificate,
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    closeTimeout: 50,
    logger: false,
    onConnect(_, done) {
      seen.connections += 1
      done()
    },
    onAuth({ username, password }, _, done) {
      logins.push(`${username}:${password}`)
      if (password === 'right') done(null, { user: username })
      else done(reply(535, 'Wrong password'))
    },
    async onData(stream, { envelope, secure }, done) {
      current += 1
      seen.most = Math.max(seen.most, current)
      const raw = await text(stream)
      const [headers = ''] = raw.split('\r\n\r\n', 1)
      received.push({
        from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
        to: envelope.rcptTo.map(({ address }) => address),
        headers: headers.replaceAll(/\r\n[ \t]+/g, ' '),
        raw,
        secure,
      })
      const refusal = await answer(received.length)
      current -= 1
      done(refusal ?? null)
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    logins,
    seen,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(resolve)),
  }
}

const site = { siteName: 'Agora', registration: 'open', requireEmailConfirmation: true } as const

function open(
  server: { port: number },
  environment: Record<string, string> = {},
  { siteName = site.siteName, folder }: { siteName?: string; folder?: string } = {},
) {
  return testService(notificationsService, {
    uses: { accounts: { getSite: async () => ({ ...site, siteName }) } },
    environment: {
      SMTP_URL: `smtp://127.0.0.1:${server.port}`,
      MAIL_FROM: 'post@agora.example',
      MAIL_RETRY_MS: '1',
      ...environment,
    },
    retryDelaysMs: [],
    ...(folder !== undefined && { folder }),
  })
}

type Tested = Awaited<ReturnType<typeof open>>

const admin = (service: Tested) => service.as('root', { role: 'admin' })

async function mailsOf(service: Tested) {
  return (await admin(service).listMail({ limit: 100 })).items
}

/** Waits until the only mail is in a state. */
async function onlyMail(service: Tested, state: 'waiting' | 'sent' | 'failed', attempts = 1) {
  const mails = await eventually(
    () => mailsOf(service),
    ([mail]) => mail?.state === state && mail.attempts >= attempts,
  )
  expect(mails).toHaveLength(1)
  return mails[0] as NonNullable<(typeof mails)[0]>
}

function headerOf(mail: Received | undefined, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, 'im').exec(mail?.headers ?? '')?.[1]
}

const letter = { to: 'ann@example.org', subject: 'Hello', text: 'First line\nSecond line' }

afterEach(() => {
  tls.setDefaultCACertificates(trusted)
  vi.useRealTimers()
})

test('a mail reaches the mail server once, complete, and its text is kept here no longer', async () => {
  await using server = await openMailServer()
  await using service = await open(server)

  await service.produce('notification.send.email', { ...letter, html: '<p>Hello</p>' })
  const { id } = await onlyMail(service, 'sent')

  const [mail] = server.received
  expect(server.received).toHaveLength(1)
  expect(mail).toMatchObject({ from: 'post@agora.example', to: ['ann@example.org'] })
  expect(headerOf(mail, 'From')).toBe('Agora <post@agora.example>')
  expect(headerOf(mail, 'To')).toBe('ann@example.org')
  expect(headerOf(mail, 'Subject')).toBe('Hello')
  expect(headerOf(mail, 'Message-ID')).toBe(`<${id}@agora.example>`)
  expect(headerOf(mail, 'Auto-Submitted')).toBe('auto-generated')
  expect(mail?.raw).toContain('First line\r\nSecond line')
  expect(mail?.raw).toContain('<p>Hello</p>')
  expect(await admin(service).getMail({ mailId: id })).toMatchObject({
    state: 'sent',
    via: 'smtp',
    subject: 'Hello',
    text: null,
    html: null,
    cause: null,
    nextAttemptAt: null,
  })
})

test('what the server cannot take now it gets again, under the same Message-ID', async () => {
  const answer = (nth: number) => (nth === 1 ? reply(451, 'Come back later') : undefined)
  await using server = await openMailServer({ answer })
  await using service = await open(server)

  await service.produce('notification.send.email', letter)

  expect(await onlyMail(service, 'sent')).toMatchObject({ attempts: 2, cause: null })
  const [first, second] = server.received.map((mail) => headerOf(mail, 'Message-ID'))
  expect(first).toMatch(/^<.+@agora.example>$/)
  expect(second).toBe(first)
})

test('what the server refuses for good has failed at once, until an admin sends it again', async () => {
  let refuses = true
  await using server = await openMailServer({
    onRcptTo: (_, __, done) => done(refuses ? reply(550, 'Nobody of that name') : null),
  })
  await using service = await open(server)

  await service.produce('notification.send.email', letter)
  const failed = await onlyMail(service, 'failed')
  expect(failed).toMatchObject({ attempts: 1, nextAttemptAt: null })
  expect(failed.cause).toContain('550 Nobody of that name')
  expect(server.received).toEqual([])

  refuses = false
  await admin(service).retryMail({ mailId: failed.id })
  await onlyMail(service, 'sent')
  expect(server.received).toHaveLength(1)
})

test('a mail fails after MAIL_ATTEMPTS attempts, and its text is kept for another', async () => {
  let works = false
  const answer = () => (works ? undefined : reply(421, 'Too busy'))
  await using server = await openMailServer({ answer })
  await using service = await open(server, { MAIL_ATTEMPTS: '3' })

  await service.produce('notification.send.email', letter)
  const failed = await onlyMail(service, 'failed')
  expect(failed).toMatchObject({ attempts: 3, nextAttemptAt: null })
  expect(failed.cause).toContain('421')
  expect(server.received).toHaveLength(3)

  works = true
  await admin(service).retryMail({ mailId: failed.id })
  await onlyMail(service, 'sent')
  expect(server.received.at(-1)?.raw).toContain('First line')
})

test('waits between attempts grow', async () => {
  await using server = await openMailServer({ answer: () => reply(451, 'Later') })
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) })
  await using service = await open(server, { MAIL_RETRY_MS: '60000' })
  await service.produce('notification.send.email', letter)

  const waits: number[] = []
  for (const attempts of [1, 2, 3]) {
    const { nextAttemptAt } = await onlyMail(service, 'waiting', attempts)
    waits.push(Date.parse(nextAttemptAt ?? '') - Date.now())
    vi.setSystemTime(Date.parse(nextAttemptAt ?? ''))
  }

  expect(waits).toEqual([60_000, 240_000, 960_000])
})

test('a mail waits for a mail server that is away', async () => {
  const { port, ...away } = await openMailServer()
  await away[Symbol.asyncDispose]()
  await using service = await open({ port }, { MAIL_ATTEMPTS: '100' })

  await service.produce('notification.send.email', letter)
  expect((await onlyMail(service, 'waiting')).cause).toContain('ECONNREFUSED')

  await using server = await openMailServer({ port })
  await onlyMail(service, 'sent')
  expect(server.received).toHaveLength(1)
})

test('a mail that a dead sender left is sent again; what became of the first changes nothing', async () => {
  const arrived = Promise.withResolvers<void>()
  const verdict = Promise.withResolvers<Error>()
  const answer = (nth: number) => {
    if (nth > 1) return undefined
    arrived.resolve()
    return verdict.promise
  }
  await using server = await openMailServer({ answer })
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) })
  await using service = await open(server)
  await service.produce('notification.send.email', letter)
  await arrived.promise
  expect(await mailsOf(service)).toMatchObject([{ state: 'sending', attempts: 1 }])

  vi.setSystemTime(Date.UTC(2026, 0, 1, 1))
  await onlyMail(service, 'sent', 2)
  verdict.resolve(reply(550, 'Too late'))
  await service.produce('notification.send.email', { ...letter, to: 'bob@example.org' })
  await eventually(
    () => mailsOf(service),
    (mails) => mails.every(({ state }) => state === 'sent'),
  )

  expect(server.received.map(({ to }) => to[0])).toEqual([
    'ann@example.org',
    'ann@example.org',
    'bob@example.org',
  ])
  expect(headerOf(server.received[1], 'Message-ID')).toBe(
    headerOf(server.received[0], 'Message-ID'),
  )
})

test('a service that stops finishes the mail that is under way', async () => {
  using folder = temporaryFolder()
  const arrived = Promise.withResolvers<void>()
  const verdict = Promise.withResolvers<undefined>()
  await using server = await openMailServer({
    answer() {
      arrived.resolve()
      return verdict.promise
    },
  })
  const first = await open(server, {}, { folder: folder.path })
  await first.produce('notification.send.email', letter)
  await arrived.promise
  const stopped = first[Symbol.asyncDispose]()
  verdict.resolve(undefined)
  await stopped

  await using service = await open(server, {}, { folder: folder.path })

  expect(await mailsOf(service)).toMatchObject([{ state: 'sent', attempts: 1 }])
  expect(server.received).toHaveLength(1)
})

test('many mails go over few connections, side by side, each once', async () => {
  await using server = await openMailServer()
  await using service = await open(server)
  const names = Array.from({ length: 20 }, (_, n) => `person-${n}@example.org`)

  await Promise.all(
    names.map((to) => service.produce('notification.send.email', { ...letter, to })),
  )
  await eventually(
    () => mailsOf(service),
    (mails) => mails.length === 20 && mails.every(({ state }) => state === 'sent'),
  )

  expect(server.received.flatMap(({ to }) => to).toSorted()).toEqual(names.toSorted())
  expect(server.seen.connections).toBeLessThanOrEqual(3)
  expect(server.seen.most).toBeLessThanOrEqual(3)
})

test('nothing goes to a server whose certificate nobody vouches for', async () => {
  await using server = await openMailServer({ disabledCommands: [] })
  await using service = await open(server, { MAIL_ATTEMPTS: '100' })

  await service.produce('notification.send.email', letter)
  expect((await onlyMail(service, 'waiting')).cause).toMatch(/self-signed certificate/)
  expect(server.received).toEqual([])

  tls.setDefaultCACertificates([...trusted, certificate])
  await onlyMail(service, 'sent')
  expect(server.received).toMatchObject([{ secure: true }])
})

test('smtps speaks TLS from the start, and signs in', async () => {
  tls.setDefaultCACertificates([...trusted, certificate])
  await using server = await openMailServer({ secure: true, authOptional: false })
  const SMTP_URL = `smtps://post%40agora:right@127.0.0.1:${server.port}`
  await using service = await open(server, { SMTP_URL })

  await service.produce('notification.send.email', letter)

  await onlyMail(service, 'sent')
  expect(server.received).toMatchObject([{ secure: true }])
  expect(server.logins).toEqual(['post@agora:right'])
})

test('the server can be named part by part', async () => {
  tls.setDefaultCACertificates([...trusted, certificate])
  await using server = await openMailServer({ disabledCommands: [], authOptional: false })
  await using service = await open(server, {
    SMTP_URL: undefined as never,
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(server.port),
    SMTP_USER: 'post',
    SMTP_PASSWORD: 'right',
  })

  await service.produce('notification.send.email', letter)

  await onlyMail(service, 'sent')
  expect(server.logins).toEqual(['post:right'])
})

test('a wrong password is a matter of this server: mails wait and none fails', async () => {
  tls.setDefaultCACertificates([...trusted, certificate])
  await using server = await openMailServer({ disabledCommands: [], authOptional: false })
  const SMTP_URL = `smtp://post:wrong@127.0.0.1:${server.port}`
  await using service = await open(server, { SMTP_URL, MAIL_RETRY_MS: '3600000' })

  await service.produce('notification.send.email', letter)

  const mail = await onlyMail(service, 'waiting')
  expect(mail.cause).toContain('535')
  expect(mail.cause).not.toContain('wrong')
  expect(server.received).toEqual([])
})

test('a password is not told to a server that does not offer TLS', async () => {
  await using server = await openMailServer({ authOptional: false, allowInsecureAuth: true })
  const SMTP_URL = `smtp://post:right@127.0.0.1:${server.port}`
  await using service = await open(server, { SMTP_URL, MAIL_RETRY_MS: '3600000' })

  await service.produce('notification.send.email', letter)

  await onlyMail(service, 'waiting')
  expect(server.logins).toEqual([])
  expect(server.received).toEqual([])
})

test('the name of the site cannot add a header', async () => {
  await using server = await openMailServer()
  const siteName = 'Agora" <x@y.example>\r\nBcc: eve@example.org\r\nX: "'
  await using service = await open(server, {}, { siteName })

  await service.produce('notification.send.welcome', { email: 'ann@example.org' })
  await onlyMail(service, 'sent')

  const [mail] = server.received
  expect(mail?.to).toEqual(['ann@example.org'])
  expect(headerOf(mail, 'Bcc')).toBeUndefined()
  expect(headerOf(mail, 'X')).toBeUndefined()
  expect(mail?.headers.match(/^From: /gm)).toHaveLength(1)
  expect(headerOf(mail, 'From')).toMatch(/<post@agora\.example>$/)
})

test('settings that contradict each other are refused by name', () => {
  const problems = (environment: Record<string, string>) =>
    notificationsService.config?.safeParse(environment).error?.issues.map(({ path }) => path[0])

  expect(problems({ SMTP_URL: 'smtp://a', SMTP_HOST: 'a' })).toEqual(['SMTP_HOST'])
  expect(problems({ SMTP_URL: 'http://a' })).toEqual(['SMTP_URL'])
  expect(problems({ SMTP_URL: 'smtp://%zz@a' })).toEqual(['SMTP_URL'])
  expect(problems({ SMTP_HOST: 'a', SMTP_USER: 'b' })).toEqual(['SMTP_PASSWORD'])
  expect(problems({ MAIL_FROM: 'Agora <a@b.example>' })).toEqual(['MAIL_FROM'])
  expect(problems({ PUBLIC_URL: 'javascript:alert(1)' })).toEqual(['PUBLIC_URL'])
  expect(problems({ SMTP_URL: 'smtps://a:b@[::1]:465/' })).toBeUndefined()
})
