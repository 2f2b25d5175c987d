import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStranger } from '../split/lib/stranger.ts'
import { botOf, log, messageOf, openConversation, write } from './lib/chat.ts'
import { openSite, type Site, type SomeOne } from './lib/site.ts'
import { openApart, type StandApart } from './lib/stand.ts'

let stand: StandApart
let site: Site
let ana: SomeOne
let ben: SomeOne
let id: string
beforeAll(async () => {
  stand = await openApart('kafka')
  site = await openSite({ stand })
  ana = await site.person('ana')
  ben = await site.person('ben')
  const bot = await botOf(site, 'ana')
  id = (await bot.api.chat.openDirect({ userId: ben.user.id })).id
  await Promise.all([ana, ben].map(({ page }) => openConversation(page, id)))
}, 180_000)
afterAll(() => site?.[Symbol.asyncDispose]())

test('what a program writes to the bus is read in the browser', async () => {
  await using stranger = await openStranger('kafka', stand.cluster.backends.environment)
  const draft = { conversationId: id, uuid: crypto.randomUUID(), content: 'From a bridge' }

  await stranger.write('raw-message', id, { ...draft, senderId: ben.user.id })

  for (const { page } of [ana, ben]) await messageOf(page, 'From a bridge').waitFor()
  expect((await stranger.read('ready-message')).map(({ uuid }) => uuid)).toContain(draft.uuid)
})

test('two people talk on while one process after the other is killed', async () => {
  const said: string[] = []
  for (const part of stand.cluster.parts) {
    const round = `${part.names[0]} ${said.length}.`
    const killed = part.crash()
    for (const [{ page }, name] of [
      [ana, 'Ana'],
      [ben, 'Ben'],
    ] as const) {
      await write(page, `${name}: ${round}`)
      said.push(`${name}: ${round}`)
    }
    await killed
  }

  for (const { page } of [ana, ben]) {
    const onTheWay = () => page.getByText(/On its way|Waits/).count()
    await expect.poll(onTheWay, { timeout: 60_000 }).toBe(0)
    for (const text of said) await messageOf(page, text).waitFor({ timeout: 60_000 })
  }
  const [hers, his] = await Promise.all([ana, ben].map(({ page }) => saidOn(page)))
  expect(hers?.toSorted()).toEqual(said.toSorted())
  expect(his).toEqual(hers)
  const bot = await botOf(site, 'ben')
  const { items } = await bot.api.chat.listMessages({ conversationId: id, limit: 100 })
  const stored = items.map(({ content }) => content).filter((text) => said.includes(text))
  expect(stored.toReversed()).toEqual(hers)

  /** What a page shows of it, in its order. */
  async function saidOn(page: SomeOne['page']): Promise<string[]> {
    const shown = await log(page).locator('article').allInnerTexts()
    return shown.flatMap((text) => said.filter((one) => text.includes(one)))
  }
}, 300_000)

test('nothing of this made a browser complain', () => {
  expect(site.complaints).toEqual([])
})
