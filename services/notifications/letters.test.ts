import { expect, test } from 'vitest'
import { accounts } from '../../contracts/accounts.ts'
import { chat } from '../../contracts/chat.ts'
import type { Mail } from '../../contracts/notifications.ts'
import { eventually, testService } from '../../kit/testing.ts'
import { notificationsService } from './index.ts'

const confirmation = {
  userId: 'ann',
  email: 'ann@example.org',
  username: 'ann',
  token: 'to/ken+1=',
  expiresAt: '2026-03-01T10:00:00.000Z',
}

function open({
  siteName = 'Agora',
  ...environment
}: {
  siteName?: string
  PUBLIC_URL?: string
} = {}) {
  return testService(notificationsService, {
    uses: {
      accounts: {
        getSite: async () => ({
          siteName,
          registration: 'open',
          requireEmailConfirmation: true,
        }),
        getAccount: async ({ userId }) => ({
          userId,
          username: userId,
          email: `${userId}@example.org`,
          role: 'user',
          confirmed: true,
          blocked: false,
          registeredAt: '2026-01-01T00:00:00.000Z',
        }),
      },
    },
    environment,
  })
}

type Tested = Awaited<ReturnType<typeof open>>

const here = { ip: '127.0.0.1', userAgent: 'test', local: true }
const onThisMachine = (service: Tested) => service.as('nobody', { client: here })

/** What lies in the local outbox, once it is as many as expected. */
async function outbox(service: Tested, count = 1): Promise<Mail[]> {
  return eventually(
    async () => (await onThisMachine(service).listLocalMail({ limit: 100 })).items,
    ({ length }) => length === count,
  )
}

async function onlyMail(service: Tested): Promise<Mail & { text: string; html: string }> {
  const [mail] = await outbox(service)
  return mail as Mail & { text: string; html: string }
}

async function signUp(service: Tested, locale: string) {
  await service.announce(accounts, 'accountRegistered', {
    userId: 'ann',
    username: 'ann',
    displayName: 'Ann',
    email: 'ann@example.org',
    role: 'user',
    locale,
    profile: {},
    registeredAt: '2026-01-01T00:00:00.000Z',
  })
}

/** What a person reads of HTML. */
function readableText(html: string): string {
  return html
    .replace(/<(style|title)>[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ')
}

function linksIn(html: string): string[] {
  return [...html.matchAll(/href="([^"]*)"/g)].map(([, link]) =>
    (link ?? '').replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))),
  )
}

test('a sign-up leads to one mail with a link that confirms the address', async () => {
  await using service = await open({ PUBLIC_URL: 'https://agora.example' })

  await service.announce(accounts, 'emailConfirmationRequested', confirmation)

  const mail = await onlyMail(service)
  const link = 'https://agora.example/confirm-email#token=to%2Fken%2B1%3D'
  expect(mail).toMatchObject({
    to: 'ann@example.org',
    template: 'confirm-email',
    subject: 'Confirm your e-mail address for Agora',
    state: 'sent',
    via: 'local',
    attempts: 1,
  })
  expect(mail.text).toContain('Hello ann')
  expect(mail.text).toContain(link)
  expect(mail.text).toMatch(/March 1, 2026.+10:00.+UTC/)
  expect(linksIn(mail.html)).toEqual([link, link, 'https://agora.example'])
  expect(readableText(mail.html)).toContain('Hello ann')
  expect(readableText(mail.html)).toContain(link)
})

test('the token of a link lies in the fragment, which no server and no log sees', async () => {
  await using service = await open({ PUBLIC_URL: 'https://a.example/forum/' })

  await service.announce(accounts, 'emailConfirmationRequested', confirmation)

  const { html } = await onlyMail(service)
  const { pathname, search, hash } = new URL(linksIn(html)[0] ?? '')
  expect([pathname, search]).toEqual(['/forum/confirm-email', ''])
  expect(new URLSearchParams(hash.slice(1)).get('token')).toBe(confirmation.token)
})

test('a person is welcomed after the confirmation', async () => {
  await using service = await open()

  await service.announce(accounts, 'accountConfirmed', {
    userId: 'ann',
    email: 'ann@example.org',
    username: 'ann',
  })

  const mail = await onlyMail(service)
  expect(mail).toMatchObject({ to: 'ann@example.org', subject: 'Welcome to Agora' })
  expect(mail.text).toContain('Welcome to Agora, ann')
  expect(linksIn(mail.html)).toContain('http://localhost:3000/')
})

for (const [locale, subject, button] of [
  ['en-GB', 'You were mentioned – Agora', 'Open notifications'],
  ['es', 'Te han mencionado – Agora', 'Abrir notificaciones'],
] as const) {
  test(`a mention is mailed in ${locale} to whoever wants that, with what was said`, async () => {
    await using service = await open({ PUBLIC_URL: 'https://agora.example' })
    await signUp(service, locale)
    await service.as('ann').updateNotificationPreferences({ mention: { inApp: true, email: true } })

    await service.announce(chat, 'memberMentioned', {
      userId: 'ann',
      conversationId: 'conversation-1',
      messageId: 'message-1',
      senderId: 'bob',
      preview: '<b>Look</b>, @ann',
    })

    const mail = await onlyMail(service)
    expect(mail).toMatchObject({ to: 'ann@example.org', subject })
    expect(mail.text).toContain('<b>Look</b>, @ann')
    expect(mail.html).not.toContain('<b>')
    expect(readableText(mail.html)).toContain('<b>Look</b>, @ann')
    expect(readableText(mail.html)).toContain(button)
    expect(linksIn(mail.html)).toContain('https://agora.example/notifications')
  })
}

test('mails are written in the language of the account, and in English for others', async () => {
  await using service = await open()
  await signUp(service, 'es-AR')
  await service.announce(accounts, 'emailConfirmationRequested', confirmation)
  await service.announce(accounts, 'accountConfirmed', { ...confirmation, email: 'b@example.org' })
  await service.internally.notify({
    userId: 'ann',
    type: 'security',
    title: 'Your password was changed',
    body: '',
    data: {},
  })
  await service.produce('notification.send.welcome', { userId: 'ann', email: 'c@example.org' })
  await service.produce('notification.send.welcome', { userId: 'bob', email: 'd@example.org' })

  const mails = await outbox(service, 5)

  const subjects = mails.map(({ template, subject, to }) => [template, subject, to?.[0]])
  expect(subjects.toSorted()).toEqual([
    ['confirm-email', 'Confirma tu correo electrónico para Agora', 'a'],
    ['notification', 'Your password was changed – Agora', 'a'],
    ['welcome', 'Te damos la bienvenida a Agora', 'b'],
    ['welcome', 'Te damos la bienvenida a Agora', 'c'],
    ['welcome', 'Welcome to Agora', 'd'],
  ])
  const spanish = mails.find(({ template }) => template === 'confirm-email')
  expect(spanish?.html).toContain('<html lang="es">')
  expect(spanish?.text).toContain('Hola, ann')
  expect(spanish?.text).toMatch(/1 de marzo de 2026.+10:00 UTC/)
  expect(readableText(spanish?.html ?? '')).toContain('Confirmar correo electrónico')
})

test('names and texts that look like HTML are shown as they are', async () => {
  const siteName = `<b onload='x()'>&amp;"`
  await using service = await open({ siteName })
  const username = '"><img src=x onerror=alert(1)>'

  await service.announce(accounts, 'emailConfirmationRequested', { ...confirmation, username })

  const { html, text, subject } = await onlyMail(service)
  expect(html).not.toMatch(/<img|<b /)
  expect(readableText(html)).toContain(`Hello ${username}`)
  expect(readableText(html)).toContain(siteName)
  expect(html).toMatch(/<title>[^<>]*<\/title>/)
  expect(html.match(/aria-label="([^"]*)"/)?.[1]).not.toMatch(/[<>']/)
  expect(text).toContain(`Hello ${username}`)
  expect(subject).toContain(siteName)
})

test('a mail names its language, has one button, and can be read in the dark', async () => {
  await using service = await open()

  await service.announce(accounts, 'emailConfirmationRequested', confirmation)

  const { html } = await onlyMail(service)
  expect(html).toContain('<html lang="en">')
  expect(html).toContain('<meta name="color-scheme" content="light dark">')
  expect(html).toContain('prefers-color-scheme: dark')
  expect(html.match(/display:inline-block/g)).toHaveLength(1)
  expect(html).not.toMatch(/<(script|img|link|iframe)/)
})

test('a mail for another program goes out exactly as it came', async () => {
  await using service = await open()
  const letter = { subject: 'Grüße', text: 'Line 1\n\tLine 2', html: '<p>Line 1</p>' }

  await service.produce('notification.send.email', { to: 'bob@example.org', ...letter })
  await service.produce('notification.send.email', {
    to: 'cy@example.org',
    subject: 'Plain',
    text: 'Only text',
  })

  const mails = await outbox(service, 2)
  expect(mails.find(({ to }) => to === 'bob@example.org')).toMatchObject(letter)
  expect(mails.find(({ to }) => to === 'cy@example.org')).toMatchObject({
    text: 'Only text',
    html: null,
  })
})

test('a welcome for another program names whom it is told to name', async () => {
  await using service = await open()

  await service.produce('notification.send.welcome', { email: 'ann@example.org', name: 'Ann & Co' })
  const { text, html } = await onlyMail(service)

  expect(text).toContain('Welcome to Agora, Ann & Co')
  expect(html).toContain('Ann &#38; Co')
})
