import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSite, password, type Site } from './lib/site.ts'

async function fill(page: Page, username: string, email = `${username}@example.org`) {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByLabel('I accept the rules of this site').check()
}

/** Addresses in the mails to somebody, newest first, as the development inbox tells them. */
async function linksTo(site: Site, email: string): Promise<string[]> {
  const answer = await fetch(`${site.url}/api/v1/dev/mail?to=${encodeURIComponent(email)}`)
  const { items } = (await answer.json()) as { items: { text: string | null }[] }
  return items.flatMap(({ text }) => /https?:\S+\/confirm-email#token=\S+/.exec(text ?? '') ?? [])
}

async function waitForLinks(site: Site, email: string, count: number): Promise<string[]> {
  await expect.poll(() => linksTo(site, email)).toHaveLength(count)
  return linksTo(site, email)
}

let site: Site
beforeAll(async () => {
  site = await openSite({ environment: { REQUIRE_EMAIL_CONFIRMATION: 'true' } })
})
afterAll(() => site[Symbol.asyncDispose]())

test('somebody joins, waits before another mail, confirms in another tab and is in', async () => {
  const { page, context } = await site.visitor()
  await page.goto('/')
  await page.getByRole('link', { name: 'Join' }).click()
  await fill(page, 'ana')
  await page.getByRole('button', { name: 'Create account' }).click()

  await page.getByRole('heading', { name: 'Look at your mail' }).waitFor()
  await waitForLinks(site, 'ana@example.org', 1)
  await page.getByRole('button', { name: 'Send it again' }).click()
  const wait = page.getByRole('button', { name: /Again in \d+ seconds/ })
  await wait.waitFor()
  expect(await wait.isDisabled()).toBe(true)
  const [link = '', former = ''] = await waitForLinks(site, 'ana@example.org', 2)

  const other = await context.newPage()
  await other.goto(former.replace(/^https?:\/\/[^/]+/, ''))
  await other.getByText('Perhaps a newer mail has replaced it').waitFor()
  await other.goto('/nowhere')
  await other.goto(link.replace(/^https?:\/\/[^/]+/, ''))
  await other.getByText('Welcome, ana. Everything is open to you now.').waitFor()

  await page.getByRole('heading', { name: 'Look at your mail' }).waitFor({ state: 'detached' })
  await other.getByRole('link', { name: 'Go in' }).click()
  await other.waitForURL('**/conversations')
  expect(site.complaints).toEqual([])
})

test('who confirmed on another device goes on with a button', async () => {
  const { page } = await site.person('ben')
  await page.getByRole('heading', { name: 'Look at your mail' }).waitFor()
  await page.getByRole('button', { name: 'I have confirmed it' }).click()
  await page.getByText('Not confirmed yet.').waitFor()
  const [link = ''] = await waitForLinks(site, 'ben@example.org', 1)

  const phone = await site.visitor({ width: 360 })
  await phone.page.goto(link.replace(/^https?:\/\/[^/]+/, ''))
  await phone.page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor()
  await phone.page.getByRole('link', { name: 'Sign in' }).click()
  await phone.page.waitForURL('**/sign-in')
  await page.getByRole('button', { name: 'I have confirmed it' }).click()

  await page.getByRole('heading', { name: 'Look at your mail' }).waitFor({ state: 'detached' })
})

test('another mail too soon tells how long to wait', async () => {
  await using site = await openSite({
    environment: { REQUIRE_EMAIL_CONFIRMATION: 'true', RATE_LIMIT_OTP: '1' },
  })
  const { page } = await site.person('cleo')
  await page.getByRole('button', { name: 'Send it again' }).click()
  await page.getByText('A new mail is on its way.').waitFor()
  await page.reload()

  await page.getByRole('button', { name: 'Send it again' }).click()

  const wait = page.getByRole('button', { name: /Again in \d+ seconds/ })
  await wait.waitFor()
  const seconds = async () => Number(/\d+/.exec((await wait.textContent()) ?? '')?.[0])
  const before = await seconds()
  await expect.poll(seconds).toBeLessThan(before)
})

test('a password is judged while it is typed, with reasons', async () => {
  const { page } = await site.visitor()
  await page.goto('/sign-up')
  await page.getByLabel('Username').fill('penelope')
  const field = page.getByLabel('Password', { exact: true })

  await field.fill('abc')
  await page.getByText('Make it longer.').waitFor()
  await field.fill('penelope penelope')
  await page.getByText('It is made of your own name or address.').waitFor()
  await field.fill(password)
  await page.getByText('Very good').waitFor()

  expect(await field.getAttribute('type')).toBe('password')
  await page.getByRole('button', { name: 'Show password' }).click()
  expect(await field.getAttribute('type')).toBe('text')
  expect(await page.getByRole('button', { name: 'Hide password' }).count()).toBe(1)
})

test('what is taken or missing is told at its field', async () => {
  await site.person('taken')
  const { page } = await site.visitor()
  await page.goto('/sign-up')

  await page.getByRole('button', { name: 'Create account' }).click()
  await expect.poll(() => page.getByText('This is needed.').count()).toBe(4)
  await expect.poll(() => page.evaluate('document.activeElement.name')).toBe('username')

  await fill(page, 'TAKEN', 'new@example.org')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByText('Somebody else has this username.').waitFor()
  await page.getByLabel('Username').fill('taken2')
  await page.getByLabel('E-mail address').fill('taken@example.org')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByText('There is an account with this e-mail address.').waitFor()
  expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe(password)
})

test('an invitation opens a site that is not open to everybody', async () => {
  await using site = await openSite()
  const admin = await site.admin()
  const { accessToken } = (await (
    await admin.context.request.post('/api/v1/auth/refresh', {
      data: {},
      headers: { origin: site.url, 'sec-fetch-site': 'same-origin' },
    })
  ).json()) as { accessToken: string }
  const headers = { authorization: `Bearer ${accessToken}` }
  const call = (method: 'post' | 'patch', path: string, data: unknown) =>
    admin.context.request[method](`/api/v1${path}`, { data, headers })
  await call('patch', '/site', { registration: 'invitation' })
  const { code } = (await (await call('post', '/invitations', { uses: 1 })).json()) as {
    code: string
  }
  const { page } = await site.visitor()

  await page.goto('/')
  await page.getByText('You need an invitation to join.').waitFor()
  await page.getByRole('link', { name: 'Join' }).click()
  await fill(page, 'dora')
  await page.getByLabel('Invitation code').fill('made up')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByText('This invitation is unknown, used up or out of date.').waitFor()

  await page.goto('/nowhere')
  await page.goto(`/sign-up#invitation=${code}`)
  await fill(page, 'dora')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL('**/conversations')

  await call('patch', '/site', { registration: 'closed' })
  const late = await site.visitor()
  await late.page.goto('/sign-up')
  await late.page.getByRole('heading', { name: 'Nobody can join at present' }).waitFor()
})
