import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSite, type Site } from './lib/site.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site[Symbol.asyncDispose]())

test('one changes who one is, and others see it', async () => {
  const ida = await site.person('ida')
  const max = await site.person('max')

  await ida.page.goto('/settings')
  await ida.page.getByRole('link', { name: 'Profile' }).click()
  await ida.page.getByRole('textbox', { name: /^Name/ }).fill('Ida Noether')
  await ida.page.getByLabel('About you').fill('Rings\nand fields')
  await ida.page.getByLabel('Website').fill('https://example.org/ida')
  await ida.page.getByRole('button', { name: 'Save' }).click()
  await ida.page.getByText('Saved.').waitFor()

  await max.page.goto(`/people/${ida.user.id}`)
  await max.page.getByRole('heading', { name: 'Ida Noether', level: 1 }).waitFor()
  expect(await max.page.getByRole('article').innerText()).toContain('Rings\nand fields')
  expect(
    await max.page.getByRole('link', { name: 'example.org/ida' }).getAttribute('rel'),
  ).toContain('noopener')
  expect(site.complaints).toEqual([])
})

test('what is wrong in the profile is said at its field, and nothing that was typed is lost', async () => {
  await (await site.person('taken')).context.close()
  const { page } = await site.person('kurt')

  await page.goto('/settings/profile')
  await page.getByLabel('Username').fill('taken')
  await page.getByLabel('Title').fill('Logician')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Somebody else has this username.').waitFor()
  expect(await page.getByLabel('Title').inputValue()).toBe('Logician')

  await page.getByLabel('Username').fill('kurt')
  await page.getByLabel('Website').fill('javascript:alert(1)')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('An address that begins with https:// or http://').waitFor()
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('name')))
    .toBe('personalWebsite')
})

test('language and appearance change at once, and stay', async () => {
  const { page } = await site.person('lola')

  await page.goto('/settings/appearance')
  await page.getByLabel('Language').selectOption('es')
  await page.getByRole('heading', { name: 'Aspecto e idioma', level: 1 }).waitFor()
  await page.getByText('Oscuro', { exact: true }).click()
  await expect
    .poll(() => page.evaluate(() => document.documentElement.dataset.mantineColorScheme))
    .toBe('dark')
  await page.reload()

  await page.getByRole('heading', { name: 'Aspecto e idioma', level: 1 }).waitFor()
  expect(await page.evaluate(() => document.documentElement.dataset.mantineColorScheme)).toBe(
    'dark',
  )
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('es')
})

test('another device is ended from here, and signed out there at once', async () => {
  const here = await site.person('emmy')
  const there = await site.signedIn('emmy')
  await there.page.getByRole('navigation', { name: 'Main' }).waitFor()

  await here.page.goto('/settings/sessions')
  const items = here.page.getByRole('list', { name: 'Devices' }).getByRole('listitem')
  await expect.poll(() => items.count()).toBe(2)
  await here.page.getByText('this device').waitFor()
  await here.page.getByRole('button', { name: /^End the session/ }).click()

  await expect.poll(() => items.count()).toBe(1)
  await there.page.waitForURL(/\/sign-in|\/$/)
  await here.page.getByRole('heading', { name: 'Devices', level: 1 }).waitFor()
})

/** The answer to the next call that changes something: a reload before it would take it back. */
function answerTo(page: Page, method: 'PATCH' | 'PUT'): Promise<unknown> {
  return page.waitForResponse((answer) => answer.ok() && answer.request().method() === method)
}

test('whom one blocked is listed under privacy, and what others see is chosen there', async () => {
  const gus = await site.person('gus')
  const pest = await site.person('pest')
  await gus.page.goto(`/people/${pest.user.id}`)
  await gus.page.getByRole('button', { name: 'Block', exact: true }).click()
  await gus.page.getByRole('dialog').getByRole('button', { name: 'Block' }).click()
  await gus.page.getByText('You have blocked this person.').waitFor()

  await gus.page.goto('/settings/privacy')
  await gus.page.getByRole('button', { name: 'Unblock pest' }).click()
  await gus.page.getByText('You have blocked nobody.').waitFor()
  const kept = answerTo(gus.page, 'PATCH')
  await gus.page.getByLabel('When I was last here').click()
  await kept
  await gus.page.reload()

  await expect.poll(() => gus.page.getByLabel('When I was last here').isChecked()).toBe(false)
})

test('mail about mentions is chosen by type, and survives a reload', async () => {
  const { page } = await site.person('mona')

  await page.goto('/settings/notifications')
  const kept = answerTo(page, 'PUT')
  await page.getByLabel('Mentions: by e-mail').click()
  await expect.poll(() => page.getByLabel('Mentions: by e-mail').isChecked()).toBe(true)
  await kept
  await page.reload()

  await expect.poll(() => page.getByLabel('Mentions: by e-mail').isChecked()).toBe(true)
  expect(await page.getByLabel('Messages: by e-mail').isChecked()).toBe(false)
})

test('an admin closes the door, and lets somebody in by a link', async () => {
  const admin = await site.admin()

  await admin.page.goto('/settings/site')
  await admin.page.getByText('By invitation', { exact: true }).click()
  await admin.page.getByRole('button', { name: 'Save' }).click()
  await admin.page.getByText('Saved.').waitFor()
  await admin.page.getByRole('button', { name: 'Invite' }).click()
  const dialog = admin.page.getByRole('dialog')
  await dialog.getByLabel('How many people').fill('0')
  await dialog.getByRole('button', { name: 'Make a link' }).click()
  await dialog.getByText('A whole number from 1 to 1,000').waitFor()
  await dialog.getByLabel('How many people').fill('2')
  await dialog.getByRole('button', { name: 'Make a link' }).click()
  const link = await dialog.locator('code').innerText()
  expect(link).toMatch(/\/sign-up#invitation=[\w-]+$/)
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await admin.page.getByText('2 of 2 left').waitFor()

  await admin.page.getByText('Everybody', { exact: true }).click()
  await admin.page.getByRole('button', { name: 'Save' }).click()
  await admin.page.getByText('Saved.').first().waitFor()
})

test('an admin blocks an account with a reason, gives roles, and remains the last admin', async () => {
  const rude = await site.person('rude')
  const admin = await site.admin()

  await admin.page.goto('/settings/accounts')
  await admin.page.getByRole('searchbox').fill('rude')
  await admin.page.getByRole('button', { name: 'Actions for rude' }).click()
  await admin.page.getByRole('menuitem', { name: 'Make a moderator' }).click()
  await admin.page.getByText('Moderator', { exact: true }).waitFor()
  await admin.page.getByRole('button', { name: 'Actions for rude' }).click()
  await admin.page.getByRole('menuitem', { name: 'Block' }).click()
  await admin.page.getByLabel('Reason').fill('Shouting')
  await admin.page.getByRole('dialog').getByRole('button', { name: 'Block' }).click()
  await rude.page.waitForURL(/\/sign-in|\/$/)

  await admin.page.getByRole('searchbox').fill('admin')
  await admin.page.getByRole('button', { name: 'Actions for admin' }).click()
  await admin.page.getByRole('menuitem', { name: 'Make a user' }).click()
  await admin.page.getByText('There must be another admin first.').waitFor()
})

test('who is no admin has no settings of the site', async () => {
  const { page } = await site.person('plain')

  await page.goto('/settings/accounts')
  await page.getByText('There is nothing here').waitFor()
  await page.goto('/audit')
  await page.getByText('You may not do this.').waitFor()
})
