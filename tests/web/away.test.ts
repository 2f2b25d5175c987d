import { expect, test } from 'vitest'
import { axe } from './lib/axe.ts'
import { openSite } from './lib/site.ts'

test('a server that is away is told, and the page goes on by itself when it is back', async () => {
  await using site = await openSite()
  const { page } = await site.person('ana')
  await page.evaluate('navigator.serviceWorker.ready')
  await page.reload()
  await page.getByRole('navigation', { name: 'Main' }).waitFor()

  await site.stop()
  await page.getByText('Reconnecting…').waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'The server cannot be reached' }).waitFor()
  expect(await axe(page)).toEqual([])

  await site.start()
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  await page.getByText('Reconnecting…').waitFor({ state: 'detached' })
  expect(site.complaints).toEqual([])
})

test('signing in while the server is away keeps what was typed and says why', async () => {
  await using site = await openSite()
  const { page } = await site.visitor()
  await page.goto('/sign-in')
  await page.getByLabel('E-mail address or username').fill('admin')
  await page.getByLabel('Password', { exact: true }).fill('a rather long pass phrase 7')
  await site.stop()

  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('The server cannot be reached. Try again in a moment.').waitFor()
  await site.start()
  await page.getByRole('button', { name: 'Sign in' }).click()

  await page.waitForURL('**/conversations')
})

test('a device without a network says so, and no more when it has one', async () => {
  await using site = await openSite()
  const { page, context } = await site.person('ana')
  await page.getByRole('navigation', { name: 'Main' }).waitFor()

  await context.setOffline(true)
  await page.getByText('You are offline.').waitFor()
  expect(await axe(page)).toEqual([])
  await context.setOffline(false)

  await page.getByText('You are offline.').waitFor({ state: 'detached' })
})
