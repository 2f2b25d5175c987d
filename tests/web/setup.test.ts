import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openSite, password } from './lib/site.ts'

/** Fills everything but the code. */
async function fill(page: Page, { siteName = 'The Painted Porch', username = 'zeno' } = {}) {
  await page.getByLabel('Name of the site').fill(siteName)
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('E-mail address').fill('zeno@example.org')
  await page.getByLabel('Password', { exact: true }).fill(password)
}

test('whoever comes first is led to the set-up, makes the site and sees how it stands', async () => {
  await using site = await openSite({ setUp: false })
  const { page } = await site.visitor()

  await page.goto('/')
  await page.waitForURL('**/setup')
  await fill(page)
  await page.getByLabel('By invitation').check()
  await page.getByRole('button', { name: 'Set up' }).click()

  await page.getByRole('heading', { name: 'The Painted Porch is ready' }).waitFor()
  await page.getByText('People need an invitation.').waitFor()
  await page.getByRole('button', { name: 'Send a test mail' }).click()
  await page.getByText('There is no mail server').waitFor()
  await page.getByText('What it needs').last().click()
  await page.getByText('SMTP_URL').waitFor()
  await page.getByRole('link', { name: 'Go to the site' }).click()
  await page.waitForURL('**/conversations')
  await expect.poll(() => page.title()).toContain('The Painted Porch')
  expect(site.setupUrl()).toContain('/setup#code=')
  expect(site.complaints).toEqual([])
})

test('from another machine the code is asked, and the link brings it along', async () => {
  await using site = await openSite({ setUp: false, environment: { TRUST_PROXY: 'loopback' } })
  const { page, context } = await site.visitor()
  await context.setExtraHTTPHeaders({ 'x-forwarded-for': '203.0.113.9' })

  await page.goto('/setup#code=wrong')
  await fill(page)
  await page.getByRole('button', { name: 'Set up' }).click()
  await page.getByText('This is not the code that the server printed.').waitFor()
  await expect.poll(() => page.evaluate('document.activeElement.name')).toBe('setupCode')
  expect(await page.getByLabel('Username').inputValue()).toBe('zeno')

  const link = new URL(site.setupUrl() ?? '')
  await page.goto('/nowhere')
  await page.goto(`/setup${link.hash}`)
  await fill(page)
  await page.getByRole('button', { name: 'Set up' }).click()
  await page.getByRole('heading', { name: 'The Painted Porch is ready' }).waitFor()
})

test('a site that is set up says so to whoever has an old link', async () => {
  await using site = await openSite()
  const { page } = await site.visitor()

  await page.goto('/setup#code=old')

  await page.getByRole('heading', { name: 'This site is set up' }).waitFor()
  await page.getByRole('link', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'Welcome to Agora' }).waitFor()
})

test('a name that is no good is told at its field, and what was typed stays', async () => {
  await using site = await openSite({ setUp: false })
  const { page } = await site.visitor()
  await page.goto('/setup')
  await fill(page, { siteName: 'n'.repeat(200), username: 'زينو' })

  await page.getByRole('button', { name: 'Set up' }).click()

  await page.getByText('One line of up to 60 characters, without spaces around it.').waitFor()
  await page.getByText('3 to 30 letters, digits, dots, dashes or underscores.').waitFor()
  expect(await page.getByLabel('Name of the site').inputValue()).toBe('n'.repeat(200))
  expect(await page.getByLabel('Username').inputValue()).toBe('زينو')
  const focused = await page.evaluate('document.activeElement.name')
  expect(focused).toBe('siteName')
})
