import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSite, type Site } from './lib/site.ts'

let site: Site
beforeAll(async () => {
  site = await openSite({ environment: { REQUIRE_EMAIL_CONFIRMATION: 'true' } })
})
afterAll(() => site[Symbol.asyncDispose]())

test('the audit trail is read, narrowed down, and unfolded', async () => {
  const { page } = await site.admin()

  await page.goto('/audit')
  const trail = page.getByRole('list', { name: 'Audit trail' })
  await trail.getByText('session.started').first().waitFor()
  await page.getByLabel('Action').selectOption('site')
  await expect.poll(() => trail.getByText('session.started').count()).toBe(0)
  await page.getByRole('button', { name: 'Show everything' }).click()
  await trail.getByText('session.started').first().click()
  const entry = trail.locator('details[open]')
  await entry.getByText('Request', { exact: true }).waitFor()
  await entry.getByRole('button', { name: 'Only this' }).first().click()
  await page.getByText(/^Only what .+ did$/).waitFor()
  expect(site.complaints).toEqual([])
})

test('a mail appears in the development inbox by itself, and its link works', async () => {
  const developer = await site.visitor()
  await developer.page.goto('/dev/mail')
  await developer.page.getByRole('heading', { name: 'Development inbox' }).waitFor()

  await site.person('nova')
  await developer.page.getByRole('button', { name: /Confirm your e-mail address/ }).click()
  await developer.page.getByText('To nova@example.org').waitFor()
  await developer.page.getByRole('link', { name: /confirm-email/ }).click()

  await developer.page.waitForURL(/\/confirm-email/)
})

test('the HTML of a mail is shown where it can do nothing', async () => {
  const developer = await site.visitor()
  await developer.page.goto('/dev/mail')
  await developer.page
    .getByRole('button', { name: /Confirm your e-mail address/ })
    .first()
    .click()
  await developer.page.getByText('HTML', { exact: true }).click()

  const frame = developer.page.locator('iframe')
  await frame.waitFor()
  expect(await frame.getAttribute('sandbox')).toBe('')
  await frame.contentFrame().getByRole('link', { name: 'Confirm e-mail address' }).waitFor()
})
