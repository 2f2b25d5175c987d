import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connected } from './lib/browser.ts'
import {
  botOf,
  composer,
  log,
  messageOf,
  newBot,
  openConversation,
  rowOf,
  say,
  write,
} from './lib/chat.ts'
import { openSite, type Site, type SomeOne } from './lib/site.ts'

let site: Site
let ana: SomeOne
let ben: SomeOne
beforeAll(async () => {
  site = await openSite()
  ana = await site.person('ana')
  ben = await site.person('ben')
})
afterAll(() => site[Symbol.asyncDispose]())

/** Opens the menu of a message and chooses from it. */
async function choose(page: Page, text: string, item: string): Promise<void> {
  const message = messageOf(page, text)
  await message.hover()
  await message.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: item, exact: true }).click()
}

/** Each frame comes after one more letter, as it does for a quick hand on a busy device. */
async function holdFrames(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.requestAnimationFrame = (callback) => {
      const show = () => setTimeout(() => callback(performance.now()))
      window.addEventListener('input', show, { once: true })
      return 0
    }
  })
}

/** A conversation of Ana and Ben, open before both. */
async function openBoth(): Promise<string> {
  const bot = await botOf(site, 'ana')
  const { id } = await bot.api.chat.openDirect({ userId: ben.user.id })
  await Promise.all([openConversation(ana.page, id), openConversation(ben.page, id)])
  return id
}

test('two people find each other and talk both ways', async () => {
  await ana.page.getByRole('button', { name: 'New conversation' }).first().click()
  await ana.page.getByRole('textbox', { name: 'Find people by name' }).fill('ben')
  await ana.page.getByRole('button', { name: /@ben/ }).click()
  await ana.page.getByRole('button', { name: 'Start conversation' }).click()
  await write(ana.page, 'Hello **Ben**, how are you?')
  await messageOf(ana.page, 'Hello Ben, how are you?').waitFor()

  const row = rowOf(ben.page, 'ana')
  await row.getByText('1 unread').waitFor()
  await row.click()
  await messageOf(ben.page, 'Hello Ben, how are you?').locator('strong').waitFor()
  await write(ben.page, 'Very well!')

  await messageOf(ana.page, 'Very well!').waitFor()
  await expect.poll(() => log(ana.page).locator('article').count()).toBe(2)
  await expect.poll(() => composer(ana.page).inputValue()).toBe('')
  await messageOf(ana.page, 'Hello Ben').getByText('Read', { exact: true }).waitFor()
  await row.getByText('1 unread').waitFor({ state: 'detached' })
  await expect.poll(() => row.innerText()).toContain('You: Very well!')
})

test('one sees that the other writes, in the conversation and in the list', async () => {
  await openBoth()
  await Promise.all([connected(ana.page), connected(ben.page)])
  await composer(ben.page).pressSequentially('Hm')
  await ana.page.locator('h1 ~ *').getByText('is typing…').waitFor()
  await rowOf(ana.page, 'ben').getByText('is typing…').waitFor()
  await composer(ben.page).fill('')
  await ana.page.locator('h1 ~ *').getByText('is typing…').waitFor({ state: 'detached' })
})

test('a message is edited with the arrow up, answered, reacted to, pinned and deleted', async () => {
  await openBoth()
  await write(ana.page, 'I come at fife')
  await messageOf(ana.page, 'fife')
    .getByText(/Sent|Read/)
    .first()
    .waitFor()
  await composer(ana.page).press('ArrowUp')
  await ana.page.getByText('Editing your message').waitFor()
  await write(ana.page, 'I come at five')
  await messageOf(ben.page, 'I come at five').getByText('edited').waitFor()
  expect(await messageOf(ben.page, 'fife').count()).toBe(0)

  await choose(ben.page, 'at five', 'Pin')
  await ana.page.getByRole('button', { name: /Pinned.*five/ }).waitFor()

  const given = messageOf(ben.page, 'at five')
  await given.hover()
  await given.getByRole('button', { name: 'React with 👍' }).click()
  await messageOf(ana.page, 'at five').getByRole('button', { name: '👍, 1 person' }).click()
  await messageOf(ben.page, 'at five').getByRole('button', { name: '👍, 2 people' }).waitFor()

  await given.hover()
  await given.getByRole('button', { name: 'Reply' }).click()
  await ben.page.getByText('Replying to ana: I come at five').waitFor()
  await write(ben.page, 'See you then')
  const answer = messageOf(ana.page, 'See you then')
  await answer.getByRole('button', { name: /In reply to ana/ }).waitFor()

  await choose(ana.page, 'edited', 'Delete')
  await ana.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await messageOf(ben.page, 'This message was deleted').first().waitFor()
  expect(await log(ben.page).getByText('I come at five').count()).toBe(0)
  await answer.getByText('This message was deleted').waitFor()
  await ana.page.getByRole('button', { name: /Pinned.*five/ }).waitFor({ state: 'detached' })
})

test('a group is made, changed, and left; its admin decides who is in it', async () => {
  const cleo = await site.person('cleo')
  await ana.page.goto('/conversations')
  await rowOf(ana.page, 'ben').waitFor()
  await ana.page.keyboard.press('n')
  for (const name of ['ben', 'cleo']) {
    await ana.page.getByRole('textbox', { name: 'Find people by name' }).fill(name)
    await ana.page
      .getByRole('dialog')
      .getByRole('button', { name: `@${name}` })
      .click()
  }
  await ana.page.getByRole('textbox', { name: 'Name of the group' }).fill('Garden')
  await ana.page.getByRole('button', { name: 'Create group' }).click()
  await write(ana.page, 'Welcome everybody')

  await rowOf(cleo.page, 'Garden').click()
  await messageOf(cleo.page, 'Welcome everybody').waitFor()
  await rowOf(ben.page, 'Garden').getByText('ana: Welcome everybody').waitFor()

  await holdFrames(cleo.page)
  await composer(cleo.page).pressSequentially('Ask @be')
  await cleo.page.getByRole('option', { name: /ben/ }).waitFor()
  await composer(cleo.page).press('Enter')
  await composer(cleo.page).pressSequentially('about it')
  await expect.poll(() => composer(cleo.page).inputValue()).toBe('Ask @ben about it')
  await composer(cleo.page).press('Enter')
  await rowOf(ben.page, 'Garden').getByText('1 mention of you').waitFor()
  await messageOf(ana.page, 'Ask @ben about it').waitFor()

  await ana.page.getByRole('button', { name: 'About this group' }).click()
  await ana.page.getByRole('button', { name: 'Edit group' }).click()
  await ana.page.getByRole('textbox', { name: 'Name of the group' }).fill('Roof garden')
  const picture = ana.page.getByRole('textbox', { name: 'Picture (web address)' })
  await picture.fill('the garden')
  await ana.page.getByRole('button', { name: 'Save' }).click()
  await ana.page.getByText('The address of a picture, beginning with https://').waitFor()
  await picture.fill('/uploads/garden.png')
  await ana.page.getByRole('button', { name: 'Save' }).click()
  await cleo.page.getByRole('heading', { name: 'Roof garden', level: 1 }).waitFor()
  const bot = await botOf(site, 'cleo')
  const { items } = await bot.api.chat.listConversations({})
  expect(items[0]).toMatchObject({ name: 'Roof garden', avatar: '/uploads/garden.png' })

  await ana.page.getByRole('button', { name: 'What to do with cleo' }).click()
  await ana.page.getByRole('menuitem', { name: 'Make admin' }).click()
  await cleo.page.getByRole('button', { name: 'About this group' }).click()
  await cleo.page.getByRole('button', { name: 'What to do with ben' }).click()
  await cleo.page.getByRole('menuitem', { name: 'Remove from group' }).click()
  await rowOf(ben.page, 'Roof garden').waitFor({ state: 'detached' })

  await ana.page.getByRole('button', { name: 'Leave group' }).click()
  await ana.page.getByRole('dialog').getByRole('button', { name: 'Leave group' }).click()
  await ana.page.waitForURL('**/conversations')
  await rowOf(ana.page, 'Roof garden').waitFor({ state: 'detached' })
  await cleo.page.getByText('1 member').first().waitFor()
  await cleo.context.close()
})

test('what was said is found, and shown where it was said', async () => {
  const bot = await newBot(site, 'dora')
  const { id } = await bot.api.chat.openDirect({ userId: ana.user.id })
  await say(bot, id, 'The **treasure** lies under the third palm')
  for (let at = 1; at <= 120; at += 1) await say(bot, id, `Number ${at}`)

  await ana.page.goto('/conversations')
  await ana.page.getByRole('textbox', { name: 'Search messages' }).fill('third palm')
  const found = ana.page.getByRole('link', { name: /third palm/ })
  await found.locator('mark').waitFor()
  // It shines for a moment only, so that is waited for from before.
  const shines = ana.page
    .locator('article[data-found=true]')
    .filter({ hasText: 'treasure' })
    .waitFor()
  await found.click()

  await shines
  await expect.poll(() => isInView(ana.page, 'treasure')).toBe(true)
  expect(await messageOf(ana.page, 'Number 120').count()).toBe(0)

  await ana.page.getByRole('button', { name: /Go to the latest/ }).click()
  await expect.poll(() => isInView(ana.page, 'Number 120')).toBe(true)
})

function isInView(page: Page, text: string): Promise<boolean> {
  return messageOf(page, text).evaluateAll((all) =>
    all.slice(0, 1).some((element) => {
      const { top, bottom } = element.getBoundingClientRect()
      const view = element.closest('[data-history]')?.getBoundingClientRect()
      return view !== undefined && top >= view.top - 1 && bottom <= view.bottom + 1
    }),
  )
}

test('new messages stand below a line, and are read when they are seen', async () => {
  const bot = await newBot(site, 'emil')
  const { id } = await bot.api.chat.openDirect({ userId: ana.user.id })
  for (let at = 1; at <= 40; at += 1) await say(bot, id, `Old ${at}`)
  const anaBot = await botOf(site, 'ana')
  await anaBot.api.chat.markRead({ conversationId: id, seq: 40 })
  for (let at = 1; at <= 60; at += 1) await say(bot, id, `New ${at}.`)

  await openConversation(ana.page, id)
  await expect.poll(() => isInView(ana.page, 'New 1.')).toBe(true)
  await ana.page.getByText('New messages', { exact: true }).waitFor()
  expect(await isInView(ana.page, 'New 60.')).toBe(false)
  const { own } = await anaBot.api.chat.getConversation({ conversationId: id })
  expect(own.unread).toBeGreaterThan(0)

  await ana.page.getByRole('button', { name: /Go to the latest/ }).click()
  await expect
    .poll(async () => (await anaBot.api.chat.getConversation({ conversationId: id })).own.unread)
    .toBe(0)
  await rowOf(ana.page, 'emil')
    .getByText(/unread/)
    .waitFor({ state: 'detached' })
})

test('what came between the first answers and the connection is there without a reload', async () => {
  const ida = await site.person('ida')
  const { promise: made, resolve: letConnect } = Promise.withResolvers<void>()
  await ida.page.routeWebSocket(/socket\.io/, async (socket) => {
    await made
    socket.connectToServer()
  })
  await ida.page.reload()
  await ida.page.getByText('No conversations yet').waitFor()
  const bot = await newBot(site, 'joe')
  const { id } = await bot.api.chat.createGroup({
    name: 'While you came',
    participantIds: [ida.user.id],
  })
  await say(bot, id, 'Welcome')
  letConnect()

  await rowOf(ida.page, 'While you came').getByText('1 unread').waitFor()
  await ida.context.close()
})

test('pinned conversations stay on top, whatever is said in others, in every tab', async () => {
  const lea = await site.person('lea')
  const other = await site.signedIn('lea')
  const bot = await newBot(site, 'kim')
  const make = async (name: string) => {
    const { id } = await bot.api.chat.createGroup({ name, participantIds: [lea.user.id] })
    await say(bot, id, `In ${name}`)
    return id
  }
  const anchor = await make('Anchor')
  const busy = await make('Busy')
  await make('Calm')
  const order = (page: Page) =>
    page
      .getByRole('list', { name: 'Conversations' })
      .getByRole('link')
      .evaluateAll((links) =>
        links.map(({ textContent }) => /Anchor|Busy|Calm/.exec(textContent)?.[0]),
      )
  await openConversation(lea.page, anchor)
  await expect.poll(() => order(lea.page)).toEqual(['Calm', 'Busy', 'Anchor'])
  await lea.page.getByRole('button', { name: 'About this group' }).click()
  await lea.page.getByRole('button', { name: 'Pin to the top of the list' }).click()
  for (const { page } of [lea, other]) {
    await expect.poll(() => order(page)).toEqual(['Anchor', 'Calm', 'Busy'])
    await rowOf(page, 'Anchor').getByText('Pinned').waitFor({ state: 'attached' })
  }

  await say(bot, busy, 'Something new')
  for (const { page } of [lea, other]) {
    await expect.poll(() => order(page)).toEqual(['Anchor', 'Busy', 'Calm'])
  }
  await other.page.reload()
  await expect.poll(() => order(other.page)).toEqual(['Anchor', 'Busy', 'Calm'])

  await lea.page.getByRole('button', { name: 'Unpin from the list' }).click()
  for (const { page } of [lea, other]) {
    await expect.poll(() => order(page)).toEqual(['Busy', 'Calm', 'Anchor'])
  }
  await lea.context.close()
  await other.context.close()
})

test('a conversation is muted, archived and brought back', async () => {
  const bot = await newBot(site, 'finn')
  const { id } = await bot.api.chat.openDirect({ userId: ana.user.id })
  await say(bot, id, 'Hello')
  await openConversation(ana.page, id)
  await ana.page.getByRole('button', { name: 'Details' }).click()
  await ana.page.getByRole('button', { name: 'Mute…' }).click()
  await ana.page.getByRole('menuitem', { name: 'For an hour' }).click()
  await rowOf(ana.page, 'finn').getByText('Muted').waitFor()
  await ana.page.getByRole('button', { name: 'Archive', exact: true }).click()
  await rowOf(ana.page, 'finn').waitFor({ state: 'detached' })
  await ana.page.getByRole('button', { name: 'Show archived' }).click()
  const archived = ana.page.getByRole('list', { name: 'Archived' })
  await archived.getByRole('link', { name: /finn/ }).waitFor()
  await ana.page.getByRole('button', { name: 'Bring back from the archive' }).click()
  await ana.page.getByRole('button', { name: 'Back to all conversations' }).click()
  await rowOf(ana.page, 'finn').waitFor()

  await ana.page.getByRole('button', { name: 'Clear history' }).click()
  await ana.page.getByRole('dialog').getByRole('button', { name: 'Clear history' }).click()
  await messageOf(ana.page, 'Hello').waitFor({ state: 'detached' })
  await rowOf(ana.page, 'finn').getByText('No messages yet').waitFor()
})

test('nothing of this made a browser complain', () => {
  expect(site.complaints).toEqual([])
})
