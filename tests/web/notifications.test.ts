import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../client/index.ts'
import { connected } from './lib/browser.ts'
import { openSite, password, type Site, type SomeOne } from './lib/site.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site[Symbol.asyncDispose]())

/** Has one person mention the other in a conversation of the two. */
async function mention(from: string, to: SomeOne, words: string): Promise<string> {
  const client = createClient({ url: site.url })
  await client.api.accounts.login({ identifier: from, password })
  const { id: conversationId } = await client.api.chat.openDirect({ userId: to.user.id })
  await client.api.chat.sendMessage({
    conversationId,
    uuid: crypto.randomUUID(),
    content: `@[${to.user.username}](${to.user.id}) ${words}`,
  })
  client.close()
  return conversationId
}

test('a mention shows in the bell by itself, is read, and leads to its conversation', async () => {
  await (await site.person('zoe')).context.close()
  const rob = await site.person('rob')
  await rob.page.goto('/notifications')
  await rob.page.getByText('Nothing has happened yet').waitFor()

  const conversationId = await mention('zoe', rob, 'look at this')
  await mention('zoe', rob, 'and that')

  await expect.poll(() => rob.page.getByRole('article').count()).toBe(2)
  await expect.poll(() => rob.page.title()).toMatch(/^\(\d+\) /)
  await rob.page.getByRole('button', { name: 'Mark as read' }).first().click()
  await expect.poll(() => rob.page.getByRole('button', { name: 'Mark as read' }).count()).toBe(1)
  await rob.page.getByLabel('Only unread').click()
  await expect.poll(() => rob.page.getByRole('article').count()).toBe(1)
  await rob.page.getByRole('link', { name: /You were mentioned/ }).click()
  await rob.page.waitForURL(`**/conversations/${conversationId}**`)

  await rob.page.goto('/notifications')
  await expect.poll(() => rob.page.getByRole('button', { name: 'Mark as read' }).count()).toBe(0)
  await rob.page.getByRole('button', { name: 'Delete' }).first().click()
  await expect.poll(() => rob.page.getByRole('article').count()).toBe(1)
  expect(site.complaints).toEqual([])
})

test('what is read in one tab is read in the other', async () => {
  await (await site.person('amy')).context.close()
  const sue = await site.person('sue')
  await mention('amy', sue, 'hello')
  const other = await sue.context.newPage()
  await Promise.all([sue.page.goto('/notifications'), other.goto('/notifications')])
  await other.getByRole('button', { name: 'Mark as read' }).waitFor()

  await sue.page.getByRole('button', { name: 'Mark all as read' }).click()

  await expect.poll(() => other.getByRole('button', { name: 'Mark as read' }).count()).toBe(0)
  await expect
    .poll(() => other.getByRole('button', { name: 'Mark all as read' }).isDisabled())
    .toBe(true)
})

test('the browser tells of a message while nobody looks, and opens it at a click', async () => {
  await (await site.person('eva')).context.close()
  const tom = await site.person('tom')
  await tom.context.grantPermissions(['notifications'], { origin: site.url })
  await tom.page.addInitScript(() => {
    const told: { title: string; body: string; click: () => void }[] = []
    Object.assign(window, { told })
    window.Notification = class {
      static permission = 'granted'
      onclick: (() => void) | undefined
      constructor(title: string, { body }: { body: string }) {
        told.push({ title, body, click: () => this.onclick?.() })
      }
      close() {}
    } as unknown as typeof Notification
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })
  })
  await tom.page.goto('/people')
  await tom.page.getByRole('list', { name: 'People' }).waitFor()
  await connected(tom.page)

  const conversationId = await mention('eva', tom, 'psst')

  type Told = { told: { title: string; body: string; click: () => void }[] }
  await expect
    .poll(() => tom.page.evaluate(() => (window as unknown as Told).told.map(({ title }) => title)))
    .toContain('eva')
  await tom.page.evaluate(() => (window as unknown as Told).told[0]?.click())
  await tom.page.waitForURL(`**/conversations/${conversationId}**`)
})
