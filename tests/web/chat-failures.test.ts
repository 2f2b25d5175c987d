import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
let direct: string
beforeAll(async () => {
  site = await openSite()
  ana = await site.person('ana')
  ben = await site.person('ben')
  const bot = await botOf(site, 'ana')
  direct = (await bot.api.chat.openDirect({ userId: ben.user.id })).id
})
afterAll(() => site[Symbol.asyncDispose]())

const openBoth = () =>
  Promise.all([openConversation(ana.page, direct), openConversation(ben.page, direct)])

/** Pastes as a person does, without having to own that much text. */
async function paste(page: Page, text: string): Promise<void> {
  await composer(page).evaluate((field, pasted) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', pasted)
    const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })
    if (field.dispatchEvent(event)) document.execCommand('insertText', false, pasted)
  }, text)
}

test('what is written while the server is away survives a reload, and goes out by itself once', async () => {
  await openBoth()
  await write(ana.page, 'Before it went')
  await messageOf(ben.page, 'Before it went').waitFor()
  await site.stop()

  await write(ana.page, 'First while away')
  await write(ana.page, 'Second while away')
  await composer(ana.page).fill('Not finished')
  await messageOf(ana.page, 'Second while away').getByText('On its way').waitFor()
  await ana.page.getByText('Reconnecting…').waitFor()
  await ana.page.reload()
  await ana.page.getByText('The server cannot be reached').waitFor()

  await site.start()
  await messageOf(ben.page, 'Second while away').waitFor({ timeout: 20_000 })
  await messageOf(ana.page, 'Second while away').getByText('Read', { exact: true }).waitFor()
  for (const page of [ana.page, ben.page]) {
    const said = await log(page).locator('article').allInnerTexts()
    const away = said.flatMap((text) => /(\w+) while away/.exec(text)?.[1] ?? [])
    expect(away).toEqual(['First', 'Second'])
  }
  expect(await composer(ana.page).inputValue()).toBe('Not finished')
  await composer(ana.page).fill('')
})

test('a message whose answer is lost after it was stored appears once', async () => {
  const lea = await site.person('lea')
  let lost = 0
  await lea.context.routeWebSocket(/socket\.io/, (socket) => {
    const server = socket.connectToServer()
    server.onMessage((message) => {
      // The acknowledgement of an event in `/chat`; the rest passes.
      if (lost === 0 && /^43\/chat,\d+\[\{"id"/.test(String(message))) {
        lost += 1
        void socket.close()
        void server.close()
        return
      }
      socket.send(message)
    })
  })
  const bot = await botOf(site, 'lea')
  const { id } = await bot.api.chat.openDirect({ userId: ben.user.id })
  await openConversation(lea.page, id)
  await write(lea.page, 'Only one of me')
  await messageOf(lea.page, 'Only one of me').getByText('Sent').waitFor({ timeout: 20_000 })
  await openConversation(ben.page, id)
  await messageOf(ben.page, 'Only one of me').waitFor()

  expect(lost).toBe(1)
  for (const page of [lea.page, ben.page]) {
    expect(await messageOf(page, 'Only one of me').count()).toBe(1)
  }
  await lea.context.close()
})

test('who is blocked while writing learns why, and gets the text back', async () => {
  const max = await newBot(site, 'max')
  const { id } = await max.api.chat.openDirect({ userId: ana.user.id })
  await openConversation(ana.page, id)
  await composer(ana.page).fill('You are wrong')
  await max.api.users.blockPerson({ userId: ana.user.id })
  await composer(ana.page).press('Enter')

  const failed = messageOf(ana.page, 'You are wrong')
  await failed.getByText('Not sent. One of you has blocked the other.').waitFor()
  await failed.getByRole('button', { name: 'Try again' }).click()
  await failed.getByText('Not sent.').waitFor()
  await failed.getByRole('button', { name: 'Edit' }).click()
  await failed.waitFor({ state: 'detached' })
  expect(await composer(ana.page).inputValue()).toBe('You are wrong')

  await composer(ana.page).press('Enter')
  await failed.getByRole('button', { name: 'Discard' }).click()
  await failed.waitFor({ state: 'detached' })
  await ana.page.reload()
  await log(ana.page).waitFor({ state: 'attached' })
  expect(await failed.count()).toBe(0)
})

test('who is removed while writing keeps what was read and what was written', async () => {
  const nora = await newBot(site, 'nora')
  const { id } = await nora.api.chat.createGroup({ name: 'Choir', participantIds: [ana.user.id] })
  await say(nora, id, 'Rehearsal at six')
  await openConversation(ana.page, id)
  await composer(ana.page).fill('I would like to')
  await nora.api.chat.removeParticipant({ conversationId: id, userId: ana.user.id })

  await ana.page.getByText('You are not in this conversation any more.').waitFor()
  await ana.page.getByRole('button', { name: 'Copy what you were writing' }).waitFor()
  await messageOf(ana.page, 'Rehearsal at six').waitFor()
  await rowOf(ana.page, 'Choir').waitFor({ state: 'detached' })
  await ana.page.reload()
  await ana.page.getByText('This conversation is not open to you').waitFor()
})

test('a message that is deleted while one answers it takes no text with it', async () => {
  const bot = await botOf(site, 'ben')
  const { id: messageId } = await say(bot, direct, 'Soon gone')
  await openConversation(ana.page, direct)
  await messageOf(ana.page, 'Soon gone').hover()
  await messageOf(ana.page, 'Soon gone').getByRole('button', { name: 'Reply' }).click()
  await composer(ana.page).fill('But why?')
  await bot.api.chat.deleteMessage({ messageId })

  await ana.page.getByText('was deleted. Your text is still here.').waitFor()
  expect(await composer(ana.page).inputValue()).toBe('But why?')
  await composer(ana.page).press('Enter')
  await messageOf(ana.page, 'But why?')
    .getByText(/Sent|Read/)
    .first()
    .waitFor()
})

test('a pasted megabyte is refused kindly, and too long a text is not sent', async () => {
  await openConversation(ana.page, direct)
  await composer(ana.page).fill('Kept. ')
  await paste(ana.page, 'x'.repeat(1_000_000))
  await ana.page.getByText(/has 1,000,000 characters, and a message takes 10,000/).waitFor()
  expect(await composer(ana.page).inputValue()).toBe('Kept. ')

  await paste(ana.page, 'y'.repeat(9_990))
  await ana.page.getByText('4 characters left').waitFor()
  await composer(ana.page).press('End')
  await paste(ana.page, 'z'.repeat(7))
  await ana.page.getByText('3 characters too long').waitFor()
  await composer(ana.page).press('Enter')
  expect((await composer(ana.page).inputValue()).length).toBe(10_003)
  await composer(ana.page).fill('')
})

test('other directions, marks on letters and long words stay inside the page', async () => {
  const eva = await site.person('eva', { width: 360 })
  const bot = await botOf(site, 'eva')
  const name = 'Gruppe'.padEnd(100, 'ñ')
  const { id } = await bot.api.chat.createGroup({ name, participantIds: [ana.user.id] })
  await say(bot, id, `a${'\u0301'.repeat(200)} ${'w'.repeat(3_000)}`)
  await say(bot, id, `\`\`\`\n${'code '.repeat(80)}\n\`\`\``)
  await say(bot, id, 'مرحبا بالعالم **غامق**')
  await openConversation(eva.page, id)

  const arabic = log(eva.page).locator('p').filter({ hasText: 'مرحبا' })
  expect(await arabic.evaluate((element) => getComputedStyle(element).direction)).toBe('rtl')
  expect(await eva.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  const wide = await log(eva.page).evaluate((list) => list.scrollWidth - list.clientWidth)
  expect(wide).toBeLessThanOrEqual(0)
  await eva.context.close()
})

test('messages that do not come say so, and come when asked again', async () => {
  const bot = await newBot(site, 'otto')
  const { id } = await bot.api.chat.openDirect({ userId: ana.user.id })
  await say(bot, id, 'There after all')
  await ana.page.route('**/messages?*', (route) => route.abort())
  await ana.page.goto(`/conversations/${id}`)
  await ana.page.getByText('This did not work').waitFor({ timeout: 20_000 })
  await ana.page.unroute('**/messages?*')
  await ana.page.getByRole('button', { name: 'Try again' }).click()
  await messageOf(ana.page, 'There after all').waitFor()
})

test('on a slow and lossy line nothing is lost and nothing comes twice', async () => {
  await openBoth()
  const devtools = await ana.context.newCDPSession(ana.page)
  await devtools.send('Network.enable')
  await devtools.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 400,
    downloadThroughput: 20_000,
    uploadThroughput: 10_000,
    packetLoss: 10,
  })
  for (const word of ['one', 'two', 'three']) await write(ana.page, `Slowly ${word}`)
  await messageOf(ben.page, 'Slowly three').waitFor({ timeout: 20_000 })
  await messageOf(ana.page, 'Slowly three')
    .getByText(/Sent|Read/)
    .first()
    .waitFor()
  for (const page of [ana.page, ben.page]) {
    expect(await messageOf(page, 'Slowly').count()).toBe(3)
  }
  await devtools.detach()
})

test("what a full browser cannot keep is not sent behind one's back", async () => {
  await openConversation(ana.page, direct)
  await composer(ana.page).fill('No room for me')
  await ana.page.evaluate(() => {
    for (let size = 2_000_000; size > 0; size = Math.floor(size / 2)) {
      try {
        for (let at = 0; ; at += 1) localStorage.setItem(`full ${size} ${at}`, 'x'.repeat(size))
      } catch {
        // Full of pieces of this size: smaller ones may still fit.
      }
    }
  })
  await composer(ana.page).press('Enter')
  await ana.page.getByText('this browser has no room left').waitFor()
  expect(await composer(ana.page).inputValue()).toBe('No room for me')
  await ana.page.evaluate('localStorage.clear()')
  await composer(ana.page).press('Enter')
  await messageOf(ana.page, 'No room for me')
    .getByText(/Sent|Read/)
    .first()
    .waitFor()
  expect(await messageOf(ana.page, 'No room for me').count()).toBe(1)
})

test('a conversation that is not there says so', async () => {
  await ana.page.goto('/conversations/nowhere')
  await ana.page.getByText('This conversation is not open to you').waitFor()
  await ana.page.getByRole('link', { name: 'Back to conversations' }).last().click()
  await ana.page.waitForURL('**/conversations')
})

test('nothing of this made a browser complain', () => {
  expect(site.complaints).toEqual([])
})
