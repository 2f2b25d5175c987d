import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { composer, log, messageOf, newBot, openConversation, rowOf, say } from './lib/chat.ts'
import { openSite, type Site, type SomeOne } from './lib/site.ts'

let site: Site
let ana: SomeOne
let bot: Awaited<ReturnType<typeof newBot>>
let id: string
beforeAll(async () => {
  site = await openSite()
  ana = await site.person('ana')
  bot = await newBot(site, 'bot')
  id = (await bot.api.chat.openDirect({ userId: ana.user.id })).id
  for (const text of ['First', 'Second', 'Third']) await say(bot, id, text)
}, 90_000)
afterAll(() => site[Symbol.asyncDispose]())

/** What has the focus, in the words of the page. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const { activeElement: element } = document
    return `${element?.tagName} ${element?.getAttribute('placeholder') ?? element?.textContent}`
  })

test('everything about messages is done from the keyboard, and the focus comes back', async () => {
  const { page } = ana
  await openConversation(page, id)
  await messageOf(page, 'Third').waitFor()
  await page.keyboard.press('w')
  await expect.poll(() => focused(page)).toContain('Write to bot')
  await page.keyboard.press('Escape')
  await expect.poll(() => focused(page)).toMatch(/^ARTICLE .*Third/)
  await page.keyboard.press('k')
  await expect.poll(() => focused(page)).toMatch(/^ARTICLE .*Second/)
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('j')
  await expect.poll(() => focused(page)).toMatch(/^ARTICLE .*Second/)

  await page.keyboard.press('+')
  await page.getByRole('dialog', { name: 'React' }).waitFor()
  await page.getByRole('searchbox', { name: 'Search emoji' }).fill('heart love red')
  await page.keyboard.press('Enter')
  await messageOf(page, 'Second').getByRole('button', { name: '❤️, 1 person' }).waitFor()
  await expect.poll(() => focused(page)).toMatch(/^ARTICLE .*Second/)

  await page.keyboard.press('r')
  await page.getByText('Replying to bot: Second').waitFor()
  await page.keyboard.type('Mine')
  await page.keyboard.press('Enter')
  await messageOf(page, 'Mine')
    .getByText(/Sent|Read/)
    .first()
    .waitFor()
  await page.keyboard.press('Escape')
  await expect.poll(() => focused(page)).toMatch(/^ARTICLE .*Mine/)
  await page.keyboard.press('Delete')
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await expect.poll(() => focused(page)).toMatch(/^ARTICLE .*Mine/)
  await page.keyboard.press('e')
  await page.getByText('Editing your message').waitFor()
  await expect.poll(() => composer(page).inputValue()).toBe('Mine')
  await page.keyboard.press('Escape')
  await expect.poll(() => composer(page).inputValue()).toBe('')

  await composer(page).blur()
  await page.keyboard.press('?')
  await page.getByRole('dialog').getByText('Next message').waitFor()
  await page.keyboard.press('Escape')
})

test('the list is walked with the arrows, and searched from anywhere', async () => {
  const { page } = ana
  for (const name of ['Alpha', 'Beta']) {
    await bot.api.chat.createGroup({ name, participantIds: [ana.user.id] })
  }
  await page.goto('/conversations')
  await rowOf(page, 'Beta').focus()
  await page.keyboard.press('ArrowDown')
  await expect.poll(() => focused(page)).toMatch(/^A .*Alpha/)
  await page.keyboard.press('End')
  await expect.poll(() => focused(page)).toMatch(/^A .*bot/)
  await page.keyboard.press('/')
  await expect.poll(() => focused(page)).toContain('Search messages')
  await page.keyboard.type('alp')
  await page.getByRole('link', { name: /Alpha/ }).waitFor()
  await page.keyboard.press('Escape')
  await rowOf(page, 'bot').waitFor()
})

test('what comes is said once to who does not see it, and history is not', async () => {
  const { page } = ana
  await openConversation(page, id)
  await messageOf(page, 'Third').waitFor()
  expect(await log(page).getAttribute('aria-live')).toBe('off')
  expect(await page.getByText('bot says:').count()).toBe(0)
  await say(bot, id, 'Listen **closely**')
  await page.getByRole('status').getByText('bot says: Listen closely').waitFor()
})

test('what comes while the page still connects is said as well', async () => {
  const { page } = ana
  const { promise: said, resolve: letConnect } = Promise.withResolvers<void>()
  await page.routeWebSocket(/socket\.io/, async (socket) => {
    await said
    socket.connectToServer()
  })
  await openConversation(page, id)
  await messageOf(page, 'Third').waitFor()
  await say(bot, id, 'Before you hear me')
  letConnect()
  await page.getByRole('status').getByText('bot says: Before you hear me').waitFor()
})

test('a draft stays with its conversation through a reload, and the list tells of it', async () => {
  const { page } = ana
  await openConversation(page, id)
  await composer(page).fill('To be continued')
  await rowOf(page, 'Alpha').click()
  await page.getByRole('heading', { name: 'Alpha', level: 1 }).waitFor()
  await expect.poll(() => composer(page).inputValue()).toBe('')
  await rowOf(page, 'bot').getByText('To be continued').waitFor()
  await page.reload()
  await rowOf(page, 'bot').getByText('Draft:').waitFor()
  await rowOf(page, 'bot').click()
  await expect.poll(() => composer(page).inputValue()).toBe('To be continued')
  await composer(page).press('Enter')
  await rowOf(page, 'bot').getByText('You: To be continued').waitFor()
})

test('on a phone the button sends, and Enter makes a line; in Spanish too', async () => {
  const phone = await site.signedIn('ana', { width: 360, locale: 'es-ES' })
  await rowOf(phone.page, 'bot').click()
  await composer(phone.page).fill('Una línea')
  await composer(phone.page).press('Enter')
  await composer(phone.page).pressSequentially('y otra')
  expect(await composer(phone.page).inputValue()).toBe('Una línea\ny otra')
  await phone.page.getByRole('button', { name: 'Enviar' }).click()
  await messageOf(ana.page, 'y otra').waitFor()
  await messageOf(phone.page, 'y otra')
    .getByText(/Enviado|Leído/)
    .first()
    .waitFor()
  await phone.page.getByRole('link', { name: 'Volver a las conversaciones' }).click()
  await rowOf(phone.page, 'bot').getByText('Tú:').waitFor()
  await phone.context.close()
})

test('nothing of this made a browser complain', () => {
  expect(site.complaints).toEqual([])
})
