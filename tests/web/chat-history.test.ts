import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../../kit/testing.ts'
import { botOf, log, messageOf, newBot, openConversation, rowOf, say } from './lib/chat.ts'
import { countRenders, nothingDrawn, rendersOf } from './lib/renders.ts'
import { seedHistory } from './lib/seed.ts'
import { openSite, type Site, type SomeOne } from './lib/site.ts'

const size = 100_000
const readSeq = 60_000
/** What a slowed processor may take here, where other work runs beside it; see the report. */
const firstViewMs = 6_000

const undo = new AsyncDisposableStack()
let site: Site
let ana: SomeOne
let bot: Awaited<ReturnType<typeof newBot>>
let long: string
beforeAll(async () => {
  const folder = undo.use(temporaryFolder())
  site = undo.use(await openSite({ environment: { DATA_FOLDER: folder.path } }))
  const { id: readerId } = await newBot(site, 'ana')
  bot = await newBot(site, 'bot')
  const { id } = await bot.api.chat.openDirect({ userId: readerId })
  long = id
  await say(bot, id, 'Message 1.')
  await site.stop()
  seedHistory(folder.path, { conversationId: id, readerId, readSeq, size })
  await site.start()
  ana = await site.signedIn('ana', { reducedMotion: 'no-preference' })
}, 120_000)
afterAll(() => undo.disposeAsync())

type Notes = {
  /** When the first new message was in sight, in milliseconds since the page began. */
  seenAt: number
  /** Between where it was highest and lowest from then on, in pixels, and for how many frames. */
  drift: number
  frames: number
  /** Whatever else moved by itself. */
  moved: string[]
}
type LayoutShift = PerformanceEntry & { sources: { node: Node | null }[] }

/** Notes when the first new message is in sight, and what moves by itself. */
async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const notes: Notes = { seenAt: 0, drift: 0, frames: 0, moved: [] }
    Object.assign(window, { notes })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        for (const { node } of (entry as LayoutShift).sources) {
          const element = node instanceof Element ? node : node?.parentElement
          // The list itself begins higher when more comes above; its rows are watched below.
          if (!element?.matches('[role=log]'))
            notes.moved.push(element?.outerHTML.slice(0, 200) ?? '')
        }
      }
    }).observe({ type: 'layout-shift', buffered: true })
    const tops: number[] = []
    function look(): void {
      const row = document.querySelector('[data-first-new]')
      const { top = -1, bottom = -1 } = row?.getBoundingClientRect() ?? {}
      const inSight = top >= 0 && bottom <= innerHeight
      if (inSight && notes.seenAt === 0) notes.seenAt = performance.now()
      if (notes.seenAt > 0) {
        tops.push(inSight ? top : Number.NaN)
        notes.frames += 1
        notes.drift = Math.max(...tops) - Math.min(...tops)
      }
      requestAnimationFrame(look)
    }
    look()
  })
}

const notesOf = (page: Page) => page.evaluate('window.notes') as Promise<Notes>

test('a conversation of 100,000 messages opens at the line of the unread ones, and nothing moves', async ({
  annotate,
}) => {
  const { page } = ana
  await openConversation(page, long)
  await watch(page)
  const devtools = await ana.context.newCDPSession(page)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  const times: number[] = []
  const moved: string[] = []
  for (let round = 0; round < 3; round += 1) {
    await page.reload()
    await page.getByText('New messages', { exact: true }).waitFor()
    await expect.poll(async () => (await notesOf(page)).frames).toBeGreaterThan(30)
    const notes = await notesOf(page)
    times.push(Math.round(notes.seenAt))
    moved.push(...notes.moved)
    expect(notes.drift).toBeLessThan(1)
  }
  await annotate(`first view at a quarter of the speed: ${times.join(', ')} ms`)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 1 })
  expect(Math.min(...times)).toBeLessThan(firstViewMs)
  expect(moved).toEqual([])
  expect(await log(page).locator('article').count()).toBeLessThan(120)
  await devtools.detach()
})

/** Scrolls by so much a frame, and tells how even that was and whether a row ever jumped. */
function scroll(page: Page, step: number, frames: number) {
  return page.evaluate(
    async ([by, count]) => {
      const view = document.querySelector<HTMLElement>('[data-history]')
      if (!view || by === undefined || count === undefined) throw new Error('no history')
      const times: number[] = []
      let jumps = 0
      let farthest = 0
      let last = await new Promise<number>(requestAnimationFrame)
      for (let frame = 0; frame < count; frame += 1) {
        const middle = view.getBoundingClientRect().top + view.clientHeight / 2
        const rows = [...view.querySelectorAll<HTMLElement>('[data-seq]')]
        const row = rows.find((one) => one.getBoundingClientRect().bottom > middle)
        const before = row?.getBoundingClientRect().top ?? 0
        const wanted = view.scrollTop + by
        view.scrollTop = wanted
        const moved = row ? row.getBoundingClientRect().top - before : 0
        const now = await new Promise<number>(requestAnimationFrame)
        // React has drawn more rows meanwhile: the one in the middle must not have noticed.
        await new Promise<void>((resolve) => setTimeout(resolve))
        const after = row?.isConnected ? row.getBoundingClientRect().top : before + moved
        farthest = Math.max(farthest, Math.abs(after - before - moved))
        if (Math.abs(after - before - moved) > 2) jumps += 1
        times.push(now - last)
        last = now
      }
      const sorted = times.toSorted((one, other) => one - other)
      const seqs = [...view.querySelectorAll<HTMLElement>('[data-seq]')].map((one) =>
        Number(one.dataset.seq),
      )
      return {
        jumps,
        farthest,
        median: sorted[Math.floor(count / 2)] ?? 0,
        p95: sorted[Math.floor(count * 0.95)] ?? 0,
        dropped: times.filter((time) => time > 25).length,
        drawn: seqs.length,
        first: Math.min(...seqs),
        last: Math.max(...seqs),
      }
    },
    [step, frames],
  )
}

test('history scrolls both ways without a jump, and only what is near is in the page', async ({
  annotate,
}) => {
  const { page } = ana
  await openConversation(page, long)
  const line = page.locator('[data-first-new]')
  await line.waitFor()
  const begin = Number(await line.getAttribute('data-seq'))
  const up = await scroll(page, -90, 90)
  const down = await scroll(page, 90, 180)
  await annotate(`scrolling up ${JSON.stringify(up)} and down ${JSON.stringify(down)}`)
  expect(up.first).toBeLessThan(begin - 100)
  expect(down.last).toBeGreaterThan(begin + 100)
  for (const { jumps, drawn } of [up, down]) {
    expect(jumps).toBe(0)
    expect(drawn).toBeLessThan(150)
  }
  await page.getByRole('button', { name: /Go to the latest/ }).click()
  await messageOf(page, `Message ${size}.`).waitFor()
})

test('who reads old messages stays there when new ones come', async () => {
  const { page } = ana
  // All is read, so that it opens at the end, whatever was read before.
  const reader = await botOf(site, 'ana')
  await reader.api.chat.markRead({ conversationId: long, seq: size })
  await openConversation(page, long)
  await messageOf(page, `Message ${size}.`).waitFor()
  await scroll(page, -60, 20)
  const place = () =>
    page.evaluate(() => {
      const view = document.querySelector('[data-history]')?.getBoundingClientRect()
      const rows = [...document.querySelectorAll<HTMLElement>('[data-seq]')]
      const row = rows.find((one) => one.getBoundingClientRect().top > (view?.top ?? 0))
      return `${row?.dataset.seq} ${Math.round(row?.getBoundingClientRect().top ?? 0)}`
    })
  const before = await place()
  await say(bot, long, 'Just said, and long enough for two lines. '.repeat(5))
  await rowOf(page, 'bot').getByText('Just said').waitFor()
  expect(await place()).toBe(before)
})

test('a message repaints its own row of the list, and in its conversation only itself', async ({
  annotate,
}) => {
  const rosa = await site.person('rosa', { reducedMotion: 'no-preference' })
  await countRenders(rosa.context)
  const others: string[] = []
  for (let at = 0; at < 8; at += 1) {
    const group = { name: `Group ${at}`, participantIds: [rosa.user.id] }
    const { id } = await bot.api.chat.createGroup(group)
    await say(bot, id, 'Hello')
    others.push(id)
  }
  const open = others[7] as string
  for (let at = 0; at < 20; at += 1) await say(bot, open, `Line ${at}`)
  await openConversation(rosa.page, open)
  await messageOf(rosa.page, 'Line 19').waitFor()
  await rowOf(rosa.page, 'Group 0').waitFor()
  await rosa.page.getByRole('button', { name: /Go to the latest/ }).click()
  await rowOf(rosa.page, 'Group 7')
    .getByText(/unread/)
    .waitFor({ state: 'detached' })
  // What is heard from now on comes live, and nothing from before is still on its way.
  await say(bot, open, 'Line 20')
  await messageOf(rosa.page, 'Line 20').waitFor()
  await nothingDrawn(rosa.page)

  const here = await rendersOf(rosa.page, async () => {
    await say(bot, open, 'One more')
    await messageOf(rosa.page, 'One more').waitFor()
    await rowOf(rosa.page, 'Group 7').getByText('One more').waitFor()
  })
  const elsewhere = await rendersOf(rosa.page, async () => {
    await say(bot, others[5] as string, 'Over here')
    await rowOf(rosa.page, 'Group 5').getByText('Over here').waitFor()
  })
  await annotate(`drawn by a message: ${JSON.stringify({ here, elsewhere })}`)
  // Eight rows and twenty messages stay as they are; reading it is a second change of the row.
  expect(here.list ?? 0).toBe(0)
  expect(here.row).toBeLessThanOrEqual(3)
  expect(here.message).toBeLessThanOrEqual(3)
  expect(elsewhere.row).toBeLessThanOrEqual(3)
  expect(elsewhere.message ?? 0).toBe(0)
  await rosa.context.close()
})

test('nothing of this made a browser complain', () => {
  expect(site.complaints).toEqual([])
})
