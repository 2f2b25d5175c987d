import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axe } from './lib/axe.ts'
import { openSite, password, type Site } from './lib/site.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
  await (await site.person('ana')).context.close()
})
afterAll(() => site[Symbol.asyncDispose]())

async function signIn(page: Page, identifier = 'ana', secret = password): Promise<void> {
  await page.getByLabel('E-mail address or username').fill(identifier)
  await page.getByLabel('Password', { exact: true }).fill(secret)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^You: / }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
}

test('a wrong password is told, keeps what was typed, and the right one leads to where one was', async () => {
  const { page } = await site.visitor()
  await page.goto('/settings')
  await page.waitForURL('**/sign-in?next=%2Fsettings')
  await page.getByText('Sign in to go on where you were.').waitFor()

  await signIn(page, 'ana', 'not this one')
  await page.getByText('The name or the password is wrong.').waitFor()
  expect(await page.getByLabel('E-mail address or username').inputValue()).toBe('ana')

  await signIn(page, 'ANA@example.org')
  await page.waitForURL('**/settings')
  expect(site.complaints).toEqual([])
})

test('signing in leads nowhere outside of the app', async () => {
  for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example']) {
    const { page, context } = await site.visitor()
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`)
    await signIn(page)
    await page.waitForURL(`${site.url}/conversations`)
    await context.close()
  }
})

test('a session that was ended elsewhere is noticed, and signing in leads back', async () => {
  const { page } = await site.signedIn('ana')
  await page.goto('/people')
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  const other = await site.signedIn('ana')
  const { accessToken } = (await (
    await other.context.request.post('/api/v1/auth/refresh', {
      data: {},
      headers: { origin: site.url, 'sec-fetch-site': 'same-origin' },
    })
  ).json()) as { accessToken: string }

  await other.context.request.delete('/api/v1/auth/sessions', {
    headers: { authorization: `Bearer ${accessToken}` },
  })

  await page.waitForURL('**/sign-in?next=%2Fpeople')
  await signIn(page)
  await page.waitForURL('**/people')
})

test('the tabs of a browser are signed out and in together', async () => {
  const { page, context } = await site.signedIn('ana')
  const second = await context.newPage()
  await second.goto('/people')
  await second.getByRole('navigation', { name: 'Main' }).waitFor()

  await signOut(page)
  await page.waitForURL('**/sign-in**')
  await second.waitForURL('**/sign-in?next=%2Fpeople')

  await signIn(page)
  await page.waitForURL('**/conversations')
  await second.waitForURL('**/people')
})

test('another person in another tab takes over all tabs', async () => {
  await (await site.person('ben')).context.close()
  const { page, context } = await site.signedIn('ana')
  await page.getByRole('button', { name: 'You: ana' }).waitFor()
  const answer = await context.request.post('/api/v1/auth/login', {
    data: { identifier: 'ben', password },
    headers: { origin: site.url, 'sec-fetch-site': 'same-origin' },
  })
  expect(answer.ok()).toBe(true)

  await (await context.newPage()).goto('/')

  await page.getByRole('button', { name: 'You: ben' }).waitFor()
})

test('who is blocked learns why', async () => {
  const mallory = await site.person('mallory')
  await mallory.page.getByRole('navigation', { name: 'Main' }).waitFor()
  const admin = await site.admin()
  const { accessToken } = (await (
    await admin.context.request.post('/api/v1/auth/refresh', {
      data: {},
      headers: { origin: site.url, 'sec-fetch-site': 'same-origin' },
    })
  ).json()) as { accessToken: string }

  await admin.context.request.post(`/api/v1/accounts/${mallory.user.id}/block`, {
    data: { reason: 'Sold elephants' },
    headers: { authorization: `Bearer ${accessToken}` },
  })

  await mallory.page.waitForURL('**/sign-in**')
  await signIn(mallory.page, 'mallory')
  await mallory.page.getByText('This account is blocked: Sold elephants').waitFor()
})

test('everything needed to sign in can be done by keyboard', async () => {
  const { page } = await site.visitor()
  await page.goto('/sign-in')
  await page.getByLabel('E-mail address or username').waitFor()
  const steps: string[] = []
  for (const text of ['', 'ana', password, '']) {
    await page.keyboard.press('Tab')
    if (text) await page.keyboard.type(text)
    steps.push((await page.evaluate('document.activeElement.name ?? ""')) as string)
  }
  expect(steps).toEqual(['', 'identifier', 'password', ''])

  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')

  await page.waitForURL('**/conversations')
})

test('in Spanish nothing is wider than a phone', async () => {
  const { page } = await site.visitor({ locale: 'es-ES', width: 360 })
  for (const address of ['/', '/sign-in', '/sign-up', '/setup', '/confirm-email', '/nowhere']) {
    await page.goto(address)
    await page.getByRole('heading', { level: 1 }).waitFor()
    const wider = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(wider)).toBe(0)
    expect(await axe(page)).toEqual([])
  }
})

test('Spanish browsers are spoken to in Spanish, and the choice is kept', async () => {
  const { page } = await site.visitor({ locale: 'es-MX' })
  await page.goto('/sign-in')
  await page.getByLabel('Correo electrónico o nombre de usuario').fill('ana')
  await page.getByLabel('Contraseña', { exact: true }).fill('not this one')
  await page.getByRole('button', { name: 'Iniciar sesión' }).click()
  await page.getByText('El nombre o la contraseña no son correctos.').waitFor()
  expect(await page.locator('html').getAttribute('lang')).toBe('es')

  await page.getByLabel('Idioma').selectOption('en')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  expect(await page.locator('html').getAttribute('lang')).toBe('en')
})
