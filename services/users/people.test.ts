import { expect, test } from 'vitest'
import { accounts } from '../../contracts/accounts.ts'
import { type TestedService, testService } from '../../kit/testing.ts'
import { usersService } from './index.ts'

type Users = TestedService<typeof usersService.contract>
type Query = Parameters<ReturnType<Users['as']>['listUsers']>[0]

async function register(
  users: Users,
  userId: string,
  displayName = userId,
  registeredAt = '2026-01-01T00:00:00.000Z',
): Promise<void> {
  await users.announce(accounts, 'accountRegistered', {
    userId,
    username: userId,
    displayName,
    email: `${userId}@example.com`,
    role: 'user',
    profile: {},
    registeredAt,
  })
}

/** The ids of all pages there, and all pages back again. */
async function readAll(users: Users, viewer: string, query: Query) {
  const there: string[][] = []
  let page = await users.as(viewer).listUsers(query)
  there.push(page.items.map(({ id }) => id))
  while (page.next) {
    page = await users.as(viewer).listUsers({ ...query, cursor: page.next })
    there.push(page.items.map(({ id }) => id))
  }
  const back = [there.at(-1)]
  while (page.previous) {
    page = await users.as(viewer).listUsers({ ...query, cursor: page.previous })
    back.unshift(page.items.map(({ id }) => id))
  }
  return { there, back }
}

test('people are listed without the caller, without details, and counted', async () => {
  await using users = await testService(usersService)
  for (const id of ['cid', 'ann', 'bob']) await register(users, id)

  const page = await users.as('ann').listUsers({ count: true })

  expect(page).toEqual({
    items: ['bob', 'cid'].map((id) => ({
      id,
      username: id,
      displayName: id,
      avatar: null,
      blocked: false,
      title: null,
      registeredAt: '2026-01-01T00:00:00.000Z',
    })),
    next: null,
    previous: null,
    count: 2,
  })
  expect(await users.as('ann').listUsers({})).not.toHaveProperty('count')
})

test('every order pages forth and back over everybody once, ties included', async () => {
  await using users = await testService(usersService)
  const days = ['03', '01', '02', '01', '02', '03', '01']
  const names = ['Zoë', 'zoe', 'Ägir', 'Bea', 'bea', 'Ågot', 'Änne']
  for (const [index, day] of days.entries()) {
    await register(users, `user${index}`, names[index], `2026-01-${day}T00:00:00.000Z`)
  }
  const orders = {
    username: ['user0', 'user1', 'user2', 'user3', 'user4', 'user5', 'user6'],
    displayName: ['user2', 'user5', 'user6', 'user3', 'user4', 'user0', 'user1'],
    registeredAt: ['user1', 'user3', 'user6', 'user2', 'user4', 'user0', 'user5'],
  }

  for (const sort of ['username', 'displayName', 'registeredAt'] as const) {
    for (const order of ['asc', 'desc'] as const) {
      const { there, back } = await readAll(users, 'viewer', { sort, order, limit: 3 })
      expect(there.flat()).toEqual(order === 'asc' ? orders[sort] : orders[sort].toReversed())
      expect(there.map(({ length }) => length)).toEqual([3, 3, 1])
      expect(back).toEqual(there)
    }
  }
})

test('a page goes on where it ended although people come and go meanwhile', async () => {
  await using users = await testService(usersService)
  for (const id of ['bob', 'dan', 'eve']) await register(users, id)
  const first = await users.as('viewer').listUsers({ limit: 1 })

  await register(users, 'ann')
  await register(users, 'cid')
  await users.announce(accounts, 'accountBlocked', { userId: 'bob', reason: '-', until: null })
  const second = await users.as('viewer').listUsers({ limit: 1, cursor: String(first.next) })

  expect(second.items.map(({ id }) => id)).toEqual(['cid'])
})

test('deactivated accounts and both sides of a block are neither listed, found nor counted', async () => {
  await using users = await testService(usersService)
  for (const id of ['ann', 'bob', 'cid', 'dan', 'eve']) await register(users, id, `Name ${id}`)
  await users.announce(accounts, 'accountBlocked', { userId: 'bob', reason: '-', until: null })
  await users.as('ann').blockPerson({ userId: 'cid' })
  await users.as('dan').blockPerson({ userId: 'ann' })

  const all = await users.as('ann').listUsers({ count: true })
  const found = await users.as('ann').listUsers({ search: 'name', count: true })

  expect(all.items.map(({ id }) => id)).toEqual(['eve'])
  expect(all.count).toBe(1)
  expect(found.items.map(({ id }) => id)).toEqual(['eve'])
  expect(found.count).toBe(1)
})

test('a search finds parts of both names in any script, whatever the case and the accents', async () => {
  await using users = await testService(usersService)
  await register(users, 'mueller', 'Jürgen Müller-Straße')
  await register(users, 'tolstoi', 'Лев Толстой')
  await register(users, 'wang', '王小明')
  await register(users, 'odos', 'ΟΔΟΣ')
  await register(users, 'lodz', 'Łódź İstanbul')
  await register(users, 'hindi', 'की सीमा')
  await register(users, 'plain_100', '100% a\\b')
  const searches: Record<string, string[]> = {
    JURGEN: ['mueller'],
    'gen mul': ['mueller'],
    strasse: ['mueller'],
    elle: ['mueller'],
    толстОЙ: ['tolstoi'],
    олс: ['tolstoi'],
    王: ['wang'],
    小明: ['wang'],
    明: ['wang'],
    οδος: ['odos'],
    δοσ: ['odos'],
    lodz: ['lodz'],
    istan: ['lodz'],
    की: ['hindi'],
    का: [],
    '100%': ['plain_100'],
    _1: ['plain_100'],
    'a\\b': ['plain_100'],
    '%': ['plain_100'],
    'o%s': [],
    "' or 1=1 --": [],
    nobody: [],
  }

  for (const [search, ids] of Object.entries(searches)) {
    const { items, count } = await users.as('viewer').listUsers({ search, count: true })
    expect([search, items.map(({ id }) => id), count]).toEqual([search, ids, ids.length])
  }
  expect((await users.as('viewer').listUsers({ search: '  ' })).items).toHaveLength(7)
})

test('a search pages in the order asked for', async () => {
  await using users = await testService(usersService)
  for (let index = 10; index < 25; index++) {
    await register(users, `user${index}`, `Banana ${99 - index}`)
  }
  await register(users, 'other')

  const { there, back } = await readAll(users, 'viewer', {
    search: 'ana',
    sort: 'displayName',
    order: 'desc',
    limit: 4,
  })

  expect(there.flat()).toEqual(Array.from({ length: 15 }, (_, index) => `user${index + 10}`))
  expect(back).toEqual(there)
})

test('a new name is found and sorted at once, and the old one no longer', async () => {
  await using users = await testService(usersService)
  await register(users, 'ann', 'Anna Schmidt')
  await register(users, 'bob', 'Bob')

  await users.as('ann').updateMe({ displayName: 'Zora Schmidt' })

  const search = async (text: string) =>
    (await users.as('viewer').listUsers({ search: text })).items.map(({ id }) => id)
  expect(await search('anna')).toEqual([])
  expect(await search('ra schmi')).toEqual(['ann'])
  expect(await search('ann')).toEqual(['ann'])
  const { items } = await users.as('viewer').listUsers({ sort: 'displayName' })
  expect(items.map(({ id }) => id)).toEqual(['bob', 'ann'])
})

test('names of the longest kind can be paged through', async () => {
  await using users = await testService(usersService)
  const ids = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(36))
  for (const id of ids) await register(users, id)
  const longest = ['\u{1f9d1}', '\ufdfa', '"', 'ß']
  for (const [index, id] of ids.entries()) {
    await users.as(id).updateMe({ displayName: longest[index]?.repeat(index === 0 ? 25 : 50) })
  }

  const { there, back } = await readAll(users, 'viewer', { sort: 'displayName', limit: 1 })

  expect(there.flat().sort()).toEqual(ids)
  expect(back).toEqual(there)
})

test('what matches thousands is found in order too', async () => {
  await using users = await testService(usersService)
  const ids = Array.from({ length: 2_200 }, (_, index) => `user${10_000 + index}`)
  await Promise.all(ids.map((id) => register(users, id, 'x')))
  await register(users, 'aaron', 'y')

  const first = await users.as('viewer').listUsers({ search: 'SER1', limit: 3, count: true })
  const rest = await users
    .as('viewer')
    .listUsers({ search: 'SER1', limit: 2, cursor: String(first.next) })

  expect(first.items.map(({ id }) => id)).toEqual(ids.slice(0, 3))
  expect(first.count).toBe(2_200)
  expect(rest.items.map(({ id }) => id)).toEqual(ids.slice(3, 5))
})

test('listing refuses strangers, the unconfirmed, and queries that it does not know', async () => {
  await using users = await testService(usersService)
  await register(users, 'bob')
  await register(users, 'cid')
  const byName = await users.as('viewer').listUsers({ limit: 1 })

  await expect(users.anonymous.listUsers({})).rejects.toMatchObject({ code: 'unauthenticated' })
  await expect(users.as('ann', { confirmed: false }).listUsers({})).rejects.toMatchObject({
    code: 'email_unconfirmed',
  })
  for (const input of [
    { limit: 0 },
    { limit: 101 },
    { sort: 'email' },
    { order: 'up' },
    { search: '' },
    { search: '\ud800' },
    { search: 'a\u0000' },
    { skip: 5 },
    { cursor: 'nonsense' },
    { cursor: String(byName.next), sort: 'registeredAt' },
  ]) {
    await expect(users.as('ann').listUsers(input as Query)).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ field: Object.keys(input)[0] }],
    })
  }
})
