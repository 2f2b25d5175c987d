import { afterAll, expect, test } from 'vitest'
import { temporaryFolder } from '../../kit/testing.ts'
import { setUp, signUp } from '../lib/people.ts'
import { type Server, startServer } from '../lib/server.ts'
import { noteComplaints, openBrowser, openContext } from './lib/browser.ts'
import { log, messageOf, openConversation, write } from './lib/chat.ts'
import { password } from './lib/site.ts'

const undo = new AsyncDisposableStack()
afterAll(() => undo.disposeAsync())

test('two people talk on after the server is killed in the middle of it', async () => {
  const folder = undo.use(temporaryFolder())
  let server: Server = await startServer({ folder: folder.path })
  undo.defer(() => server[Symbol.asyncDispose]())
  const { url } = server
  const port = Number(new URL(url).port)
  await setUp(url)
  const [ana, ben] = [await signUp(url, 'ana'), await signUp(url, 'ben')]
  const { id } = await ana.client.api.chat.openDirect({ userId: ben.id })

  const browser = await openBrowser()
  undo.defer(() => browser.close())
  const complaints: string[] = []
  async function enter(identifier: string) {
    const context = await openContext(browser, url)
    await noteComplaints(context, url, complaints)
    const headers = { origin: url, 'sec-fetch-site': 'same-origin' }
    const data = { identifier, password }
    await context.request.post('/api/v1/auth/login', { data, headers })
    const page = await context.newPage()
    await openConversation(page, id)
    return page
  }
  const [hers, his] = [await enter('ana'), await enter('ben')]

  const said: string[] = []
  for (let at = 1; at <= 3; at += 1) {
    for (const [page, name] of [
      [hers, 'Ana'],
      [his, 'Ben'],
    ] as const) {
      said.push(`${name} ${at}.`)
      await write(page, `${name} ${at}.`)
    }
  }
  await messageOf(hers, 'Ben 3.').waitFor()
  await messageOf(hers, 'Ana 3.')
    .getByText(/Sent|Read/)
    .first()
    .waitFor()
  await messageOf(his, 'Ana 3.').waitFor()
  // These two are on their way while it dies.
  await Promise.all([write(hers, 'Ana 4.'), write(his, 'Ben 4.'), server.kill('SIGKILL')])
  await write(hers, 'Ana 5.')
  await write(his, 'Ben 5.')
  said.push('Ana 4.', 'Ben 4.', 'Ana 5.', 'Ben 5.')

  server = await startServer({ folder: folder.path, port })

  for (const page of [hers, his]) {
    await messageOf(page, 'Ana 5.')
      .getByText(/On its way|Waits/)
      .waitFor({ state: 'detached' })
    for (const text of said) await messageOf(page, text).waitFor({ timeout: 20_000 })
    const shown = (await log(page).locator('article').allInnerTexts()).join('\n')
    for (const text of said) expect(shown.split(text).length - 1, text).toBe(1)
  }
  expect(await orderOf(hers)).toEqual(await orderOf(his))
  const { items } = await ben.client.api.chat.listMessages({ conversationId: id, limit: 100 })
  expect(items.map(({ content }) => content).sort()).toEqual(said.toSorted())
  expect(complaints).toEqual([])

  function orderOf(page: typeof hers): Promise<string[]> {
    return log(page)
      .locator('article')
      .evaluateAll((all) =>
        all.flatMap((one) => /(Ana|Ben) \d\./.exec(one.textContent ?? '')?.[0] ?? []),
      )
  }
}, 90_000)
