import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../client/index.ts'
import { openSite, password, type Site } from './lib/site.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site[Symbol.asyncDispose]())

/** Somebody who signs up and needs no browser. */
async function signUp(username: string, displayName: string): Promise<string> {
  const client = createClient({ url: site.url })
  const email = `${username}@example.org`
  const { user } = await client.api.accounts.register({
    username,
    displayName,
    email,
    password,
    termsAccepted: true,
  })
  client.close()
  return user.id
}

test('people are found while one types, in any order, and to the end of a long list', async () => {
  for (let index = 10; index < 80; index += 1) await signUp(`crowd${index}`, `Crowd ${index}`)
  await signUp('renee', 'Renée Álvarez')
  const { page } = await site.person('finder')

  await page.goto('/people')
  const list = page.getByRole('list', { name: 'People' })
  await list.getByText('Crowd 10').waitFor()
  await expect.poll(() => list.getByRole('listitem').count()).toBeLessThan(40)
  await list.getByRole('link').first().focus()
  await page.keyboard.press('End')
  await expect
    .poll(async () => {
      await page.keyboard.press('End')
      return list.getByText('Renée Álvarez').isVisible()
    })
    .toBe(true)

  await page.getByRole('searchbox', { name: 'Search people' }).fill('ALVAREZ')
  await expect.poll(() => list.getByRole('listitem').count()).toBe(1)
  await page.getByRole('searchbox').fill('nobody at all')
  await page.getByText('Nobody is called “nobody at all”').waitFor()
  await page.getByRole('searchbox').fill('')
  await page.getByRole('combobox', { name: 'Sorted by' }).selectOption('newest')
  await expect.poll(() => list.getByRole('listitem').first().innerText()).toContain('Renée Álvarez')
  expect(site.complaints).toEqual([])
})

test('one sees come and go who is there, and writes to them from their card', async () => {
  const ada = await site.person('ada')
  const bert = await site.person('bert')

  await bert.page.goto(`/people/${ada.user.id}`)
  await bert.page.getByRole('heading', { name: 'ada', level: 1 }).waitFor()
  await bert.page.getByText('online', { exact: true }).first().waitFor()
  await ada.context.close()
  await bert.page.getByText(/^last seen /).waitFor()

  await bert.page.getByRole('button', { name: 'Message' }).click()
  await bert.page.waitForURL(/\/conversations\/[\w-]+/)
  expect(site.complaints).toEqual([])
})

test('who blocks somebody finds them no more, and undoes it on their card', async () => {
  const cleo = await site.person('cleo')
  const dan = await site.person('dan')

  await cleo.page.goto(`/people/${dan.user.id}`)
  await cleo.page.getByRole('button', { name: 'Block', exact: true }).click()
  await cleo.page.getByRole('dialog').getByRole('button', { name: 'Block' }).click()
  await cleo.page.getByText('You have blocked this person.').waitFor()
  await expect.poll(() => cleo.page.getByRole('list').getByText('@dan').count()).toBe(0)
  await dan.page.goto(`/people/${cleo.user.id}`)
  await dan.page.getByText('There is nobody here').waitFor()

  await cleo.page.getByRole('button', { name: 'Unblock' }).click()
  await cleo.page.getByRole('button', { name: 'Message' }).waitFor()
  await dan.page.reload()
  await dan.page.getByRole('heading', { name: 'cleo', level: 1 }).waitFor()
  expect(site.complaints.filter((line) => !line.includes('404'))).toEqual([])
})

test('a person who does not exist has a page that says so', async () => {
  const { page } = await site.person('lost')

  for (const id of ['nobody', 'x'.repeat(300)]) {
    await page.goto(`/people/${id}`)
    await page.getByText('There is nobody here').waitFor()
  }
})

test('a long name, and one from right to left, stay in their places', async () => {
  const wide = await signUp('wide', 'W'.repeat(50))
  await signUp('rtl', 'مريم العلي')
  const { page } = await site.person('reader', { width: 360 })

  await page.goto('/people')
  await page.getByRole('searchbox').fill('مريم')
  await page.getByText('مريم العلي').waitFor()
  await page.goto(`/people/${wide}`)
  await page.getByRole('heading', { level: 1 }).waitFor()

  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  expect(overflow).toBe(0)
})
