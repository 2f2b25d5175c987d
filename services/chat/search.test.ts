import { expect, test } from 'vitest'
import { readEnvironment } from '../../kit/config.ts'
import { eventually, temporaryFolder, testService } from '../../kit/testing.ts'
import { chatService } from './index.ts'
import { draft, uses } from './test-people.ts'

const open = () => testService(chatService, { uses })

type Tested = Awaited<ReturnType<typeof open>>
type Query = Parameters<ReturnType<Tested['as']>['searchMessages']>[0]

async function openGroup(chat: Tested, ...participantIds: string[]) {
  const { id } = await chat.as('ann').createGroup({ name: 'All', participantIds })
  return id
}

/** Sends texts and waits until the last of them is found. */
async function say(chat: Tested, conversationId: string, ...texts: string[]) {
  for (const text of texts) await chat.as('ann').sendMessage(draft(conversationId, text))
  const marker = `marker-${crypto.randomUUID()}`
  await chat.as('ann').sendMessage(draft(conversationId, marker))
  await eventually(
    () => find(chat, 'ann', { q: marker }),
    (found) => found.length === 1,
  )
}

async function find(chat: Tested, user: string, query: Query): Promise<string[]> {
  const { items } = await chat.as(user).searchMessages(query)
  return items.map(({ message }) => message.content)
}

const texts = [
  'The quick brown Fox',
  '我们明天去北京看长城',
  'مرحبا بالعالم العربي',
  'Die Straße heißt ΟΔΟΣ',
  'Привет, как дела?',
  'Ready 🚀👩‍👩‍👧 ❤️ go',
  'ｆｕｌｌ　ｗｉｄｔｈ',
  'C++ & "quotes" (100%) a_b',
  'שלום עולם',
  'สวัสดีชาวโลก',
]

test.each([
  ['quick', 0],
  ['QUICK BROWN', 0],
  ['ck b', 0],
  ['x', 0],
  ['Fo', 0],
  ['北京', 1],
  ['京', 1],
  ['明天去北京看', 1],
  ['بالعالم', 2],
  ['عا', 2],
  ['ي', 2],
  ['straße', 3],
  ['οδος', 3],
  ['ΔΟΣ', 3],
  ['ПРИВЕТ', 4],
  ['д', 4],
  ['🚀', 5],
  ['👩‍👩‍👧', 5],
  ['👩', 5],
  ['❤', 5],
  ['full width', 6],
  ['C++', 7],
  ['"quotes"', 7],
  ['0%)', 7],
  ['&', 7],
  ['a_b', 7],
  ['לו', 8],
  ['ชาว', 9],
])('searchMessages finds %s', async (q, index) => {
  await using chat = await open()
  await say(chat, await openGroup(chat), ...texts)

  expect(await find(chat, 'ann', { q })).toEqual([texts[index]])
})

test.each(['fox quick', 'quickbrown', '京北', '* OR x', 'NOT', 'conversation', '""', 'foxx'])(
  'searchMessages takes %s for what it is, and finds nothing',
  async (q) => {
    await using chat = await open()
    await say(chat, await openGroup(chat), ...texts)

    expect(await find(chat, 'ann', { q })).toEqual([])
  },
)

test('a search is for something that can be seen', async () => {
  await using chat = await open()

  for (const q of ['', '  ', 'x'.repeat(201), '\ud83d']) {
    await expect(chat.as('ann').searchMessages({ q })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  }
  expect(await find(chat, 'ann', { q: '\uFE0F' })).toEqual([])
})

test('an edited message is found by what it says now, a deleted one by nothing', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat)
  const { id: edited } = await chat.as('ann').sendMessage(draft(conversationId, 'An apple'))
  const { id: deleted } = await chat.as('ann').sendMessage(draft(conversationId, 'A banana'))
  await say(chat, conversationId)

  await chat.as('ann').editMessage({ messageId: edited, content: 'A cherry' })
  await chat.as('ann').deleteMessage({ messageId: deleted })

  await eventually(
    () => find(chat, 'ann', { q: 'cherry' }),
    (found) => found.length === 1,
  )
  expect(await find(chat, 'ann', { q: 'apple' })).toEqual([])
  expect(await find(chat, 'ann', { q: 'banana' })).toEqual([])
})

test('only messages of the own conversations are found, as long as they are own', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob', 'carol')
  await say(chat, conversationId, 'A secret')
  const other = await chat.as('ann').openDirect({ userId: 'dave' })
  await say(chat, other.id, 'Another secret')

  expect(await find(chat, 'bob', { q: 'secret' })).toEqual(['A secret'])
  expect(await find(chat, 'ann', { q: 'secret' })).toEqual(['Another secret', 'A secret'])
  expect(await find(chat, 'ann', { q: 'secret', conversationId })).toEqual(['A secret'])
  expect(await find(chat, 'mallory', { q: 'secret' })).toEqual([])

  await chat.as('bob').leaveConversation({ conversationId })
  await chat.as('carol').clearHistory({ conversationId })
  expect(await find(chat, 'bob', { q: 'secret' })).toEqual([])
  expect(await find(chat, 'carol', { q: 'secret' })).toEqual([])
})

test('a member of very many conversations finds in all of them', async () => {
  await using chat = await open()
  const groups = await Promise.all(Array.from({ length: 130 }, () => openGroup(chat, 'bob')))
  for (const [index, id] of groups.entries()) {
    await chat.as('ann').sendMessage(draft(id, `Number ${index}`))
  }
  const hidden = await openGroup(chat)
  await say(chat, hidden, 'Number of none')

  const { items, next } = await chat.as('bob').searchMessages({ q: 'number', limit: 100 })

  expect(items).toHaveLength(100)
  const rest = await find(chat, 'bob', { q: 'number', limit: 100, cursor: next ?? '' })
  expect(rest).toHaveLength(30)
  expect(rest.at(-1)).toBe('Number 0')
})

test('found messages come newest first, in pages both ways', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat)
  await say(chat, conversationId, ...Array.from({ length: 7 }, (_, n) => `Word ${n}`))
  const search = (cursor?: string | null) =>
    chat.as('ann').searchMessages({ q: 'word', limit: 3, ...(cursor && { cursor }) })

  const first = await search()
  const second = await search(first.next)
  const third = await search(second.next)
  const back = await search(third.previous)

  const all = [first, second, third].flatMap(({ items }) => items)
  expect(all.map(({ snippet }) => snippet)).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `Word ${n}`))
  expect(back.items).toEqual(second.items)
  expect([first.previous, third.next]).toEqual([null, null])
})

test('a search keeps to a span of time', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat)
  await say(chat, conversationId, 'Word one', 'Word two')
  const [, two] = (await chat.as('ann').listMessages({ conversationId })).items
  const at = two?.createdAt ?? ''
  const later = new Date(Date.parse(at) + 86_400_000).toISOString()
  const earlier = new Date(Date.parse(at) - 86_400_000).toISOString()

  expect(await find(chat, 'ann', { q: 'two', from: at })).toEqual(['Word two'])
  expect(await find(chat, 'ann', { q: 'two', to: at })).toEqual([])
  expect(await find(chat, 'ann', { q: 'word', from: earlier, to: later })).toHaveLength(2)
  expect(await find(chat, 'ann', { q: 'word', from: later })).toEqual([])
  expect(await find(chat, 'ann', { q: 'word', to: earlier })).toEqual([])
})

test('the snippet shows the place of the match in a long text', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat)
  const long = `${'﷽ before '.repeat(60)}the Needle here ${'after 🚀 '.repeat(60)}`
  await say(chat, conversationId, long)

  const { items } = await chat.as('ann').searchMessages({ q: 'needle' })

  const [{ snippet } = { snippet: '' }] = items
  expect(snippet).toContain('the Needle here')
  expect(snippet.startsWith('…') && snippet.endsWith('…')).toBe(true)
  expect([...snippet].length).toBeLessThan(170)
})

test('what was not indexed before the service stopped is indexed after it starts', async () => {
  using folder = temporaryFolder()
  {
    await using chat = await testService(chatService, { uses, folder: folder.path })
    const conversationId = await openGroup(chat)
    await Promise.all(
      Array.from({ length: 300 }, (_, n) =>
        chat.as('ann').sendMessage(draft(conversationId, `Number ${n}`)),
      ),
    )
  }
  await using chat = await testService(chatService, { uses, folder: folder.path })

  await eventually(
    () => find(chat, 'ann', { q: 'number 299' }),
    (found) => found.length === 1,
  )
  expect(await find(chat, 'ann', { q: 'number 0' })).toEqual(['Number 0'])
})

// PostgreSQL merges its index by itself.
test.skipIf(readEnvironment().STOA_TEST_DATABASE_URL)(
  'the index is merged behind the messages that join it',
  async () => {
    let merges = 0
    await using chat = await testService(chatService, {
      uses,
      beforeStatement(sql) {
        if (sql.includes("'merge'")) merges += 1
        return undefined
      },
    })
    const group = await openGroup(chat, 'bob')

    await say(chat, group, 'Hello')

    await eventually(() => merges > 0)
  },
)
