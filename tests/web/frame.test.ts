import { gzipSync } from 'node:zlib'
import type { BrowserContext, Response } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newBot, say } from './lib/chat.ts'
import { openSite, password, type Site } from './lib/site.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
  await (await site.person('ana')).context.close()
})
afterAll(() => site[Symbol.asyncDispose]())

test('signed-in people see one navigation, and move with it', async () => {
  const { page } = await site.signedIn('ana')

  await page.getByRole('link', { name: 'People' }).click()

  await page.waitForURL('**/people')
  expect(await page.getByRole('navigation', { name: 'Main' }).count()).toBe(1)
  await expect.poll(() => page.title()).toBe('People · Agora')
  expect(site.complaints).toEqual([])
})

test('an address that is none says so, and leads back', async () => {
  const { page } = await site.visitor()

  await page.goto('/nowhere/at/all')
  await page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
  await page.getByRole('link', { name: 'Go to the start page' }).click()

  await page.getByRole('heading', { name: 'Welcome to Agora' }).waitFor()
})

test('keys lead everywhere, and leave alone what is being typed', async () => {
  const { page } = await site.signedIn('ana')
  await page.getByRole('navigation', { name: 'Main' }).waitFor()

  // Two keys in a row are two in a row only when little time is between them.
  await Promise.all([page.keyboard.press('g'), page.keyboard.press('s')])
  await page.waitForURL('**/settings')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })

  await page.keyboard.press('Control+k')
  const field = page.getByRole('combobox', { name: 'Go to or do anything' })
  await field.waitFor()
  await page.keyboard.type('g s ? notif')
  await page.getByText('Nothing fits “g s ? notif”').waitFor()
  await field.fill('NOTIF')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/notifications')
  expect(await page.getByRole('dialog').count()).toBe(0)
})

test('a window gives the focus back to what opened it', async () => {
  const { page } = await site.signedIn('ana')
  const opener = page.getByRole('button', { name: 'Go to or do anything' })
  await opener.focus()

  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })

  expect(await page.evaluate('document.activeElement.textContent')).toContain(
    'Go to or do anything',
  )
})

test('the own menu is opened, walked and closed by keyboard', async () => {
  const { page } = await site.signedIn('ana')
  const opener = page.getByRole('button', { name: 'You: ana' })
  await opener.focus()
  const focused = () => page.evaluate('document.activeElement.textContent')

  await page.keyboard.press('Enter')
  await page.getByRole('menu').waitFor()
  await expect.poll(focused).toBe('Settings')
  await page.keyboard.press('ArrowDown')
  await expect.poll(focused).toBe('Keyboard shortcuts')
  await page.keyboard.press('Escape')

  await page.getByRole('menu').waitFor({ state: 'detached' })
  await expect.poll(focused).toContain('You: ana')
})

test('the first stop of the keyboard skips the navigation', async () => {
  const { page } = await site.signedIn('ana')
  await page.getByRole('navigation', { name: 'Main' }).waitFor()

  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')

  await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('content')
})

test('every address shows itself with at most 180 kB of scripts', { timeout: 300_000 }, async ({
  annotate,
}) => {
  const bot = await newBot(site, 'bot')
  const { context } = await site.visitor({ locale: 'es-ES' })
  // A worker would answer out of its own store, past the browser that is watched.
  await context.addInitScript('delete Navigator.prototype.serviceWorker')
  await context.request.post('/api/v1/auth/login', {
    data: { identifier: 'admin', password },
    headers: { origin: site.url, 'sec-fetch-site': 'same-origin' },
  })
  const { user: admin } = await site.admin()
  const { id } = await bot.api.chat.openDirect({ userId: admin.id })
  await say(bot, id, 'What one comes to read')
  // The live connection is not what one waits for: whatever is shown here is shown without it.
  await context.route('**/assets/live-*.js', () => undefined)

  async function scriptsOf(at: BrowserContext, address: string, shown: string): Promise<number> {
    const page = await at.newPage()
    const scripts = new Map<string, Promise<number>>()
    const count = (answer: Response) => {
      if (!answer.url().endsWith('.js')) return
      scripts.set(
        answer.url(),
        answer.body().then((body) => gzipSync(body).length),
      )
    }
    page.on('response', count)
    await page.goto(address)
    await page.locator(shown).filter({ visible: true }).first().waitFor()
    page.off('response', count)
    const sizes = await Promise.all(scripts.values())
    await page.close()
    expect(sizes.length, address).toBeGreaterThan(3)
    return sizes.reduce((sum, bytes) => sum + bytes, 0)
  }

  const visitor = await site.visitor({ locale: 'es-ES' })
  const sizes = {
    '/': await scriptsOf(visitor.context, '/', 'h1'),
    '/sign-in': await scriptsOf(visitor.context, '/sign-in', 'input[type=password]'),
    '/sign-up': await scriptsOf(visitor.context, '/sign-up', 'input[type=password]'),
  } as Record<string, number>
  const signedIn = {
    '/conversations': 'text=What one comes to read',
    [`/conversations/${id}`]: 'article >> text=What one comes to read',
    '/people': 'text=@bot',
    [`/people/${bot.id}`]: 'h1:has-text("bot")',
    '/notifications': 'main ul, main h2',
    '/settings': 'main nav a',
    '/settings/profile': 'main textarea',
    '/settings/accounts': 'text=bot@example.org',
    '/audit': 'main article, main li',
  }
  for (const [address, shown] of Object.entries(signedIn)) {
    sizes[address] = await scriptsOf(context, address, shown)
  }

  await annotate(JSON.stringify(sizes))
  for (const [address, bytes] of Object.entries(sizes)) {
    expect(bytes, address).toBeLessThan(180_000)
  }
})

test('the colours that were chosen are there before anything is painted', async () => {
  const { page } = await site.visitor({ scheme: 'light' })
  await page.goto('/sign-in')
  await page.getByLabel('Appearance').selectOption('dark')
  // Before the app itself has begun: nothing but the page and what it holds up is there.
  await page.route('**/assets/*.js', () => undefined)

  await page.reload({ waitUntil: 'commit' })

  const root = page.locator('html')
  await expect.poll(() => root.getAttribute('data-mantine-color-scheme')).toBe('dark')
  expect(await page.locator('#app > *').count()).toBe(0)
})

test('what a button without words does is shown to who stops at it', async () => {
  const { page } = await site.signedIn('ana')
  const button = page.getByRole('button', { name: 'New conversation' }).first()
  const hint = page.getByText('New conversation · N')
  await button.waitFor()

  await button.hover()
  await hint.waitFor()
  // One can go over to it, and read it as long as one likes.
  await hint.hover()
  await page.mouse.move(600, 600)
  await hint.waitFor({ state: 'hidden' })

  await page.getByRole('button', { name: 'Show archived' }).focus()
  await page.keyboard.press('Tab')
  await hint.waitFor()
  await page.keyboard.press('Escape')
  await hint.waitFor({ state: 'hidden' })
  expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('New conversation')
})

test('with reduced motion nothing moves', async () => {
  const { page } = await site.signedIn('ana', { reducedMotion: 'reduce' })
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').waitFor()
  const moving = `document.getAnimations().filter((one) => one.effect.getTiming().duration > 1).length`
  expect(await page.evaluate(moving)).toBe(0)
})

test('answers of the server are kept nowhere in the browser, and tokens neither', async () => {
  const { page } = await site.signedIn('ana')
  await page.evaluate('navigator.serviceWorker.ready')
  await page.reload()
  await page.getByRole('navigation', { name: 'Main' }).waitFor()

  const kept = (await page.evaluate(`(async () => {
    const found = []
    for (const name of await caches.keys()) {
      for (const request of await (await caches.open(name)).keys()) found.push(request.url)
    }
    return found
  })()`)) as string[]
  expect(kept).toContain(`${site.url}/`)
  expect(kept.filter((url) => url.includes('/api/'))).toEqual([])
  const stored = (await page.evaluate(
    'JSON.stringify([localStorage, sessionStorage, document.cookie])',
  )) as string
  expect(stored).not.toMatch(/eyJ|refresh/)
})
