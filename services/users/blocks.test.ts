import { expect, test } from 'vitest'
import { accounts } from '../../contracts/accounts.ts'
import { nextMillisecond, type TestedService, testService } from '../../kit/testing.ts'
import { usersService } from './index.ts'

type Users = TestedService<typeof usersService.contract>

const uses = { accounts: { getAccounts: async () => ({ accounts: [] }) } }

async function openWith(...ids: string[]): Promise<Users> {
  const users = await testService(usersService, { uses })
  for (const userId of ids) {
    await users.announce(accounts, 'accountRegistered', {
      userId,
      username: userId,
      displayName: userId,
      email: `${userId}@example.com`,
      role: 'user',
      profile: {},
      registeredAt: '2026-01-02T03:04:05.000Z',
    })
  }
  return users
}

const pair = { userId: 'ann', blockedId: 'bob' }
const entry = {
  outcome: 'success',
  actorId: 'ann',
  subjectId: 'bob',
  ip: '192.0.2.1',
  userAgent: 'test',
  detail: {},
  at: expect.any(String),
}

test('a block is announced and audited once, however often it is asked for', async () => {
  await using users = await openWith('ann', 'bob')

  const answers = await Promise.all(
    Array.from({ length: 5 }, () => users.as('ann').blockPerson({ userId: 'bob' })),
  )

  expect(new Set(answers.map(({ blockedAt }) => blockedAt)).size).toBe(1)
  expect(answers[0]?.person).toEqual({
    id: 'bob',
    username: 'bob',
    displayName: 'bob',
    avatar: null,
    blocked: false,
  })
  expect(await users.events()).toEqual([
    { event: 'personBlocked', payload: pair },
    { event: 'audited', payload: { action: 'person.blocked', ...entry } },
  ])
})

test('unblocking is announced and audited once', async () => {
  await using users = await openWith('ann', 'bob')
  await users.as('ann').blockPerson({ userId: 'bob' })

  await users.as('ann').unblockPerson({ userId: 'bob' })
  await users.as('ann').unblockPerson({ userId: 'bob' })
  await users.as('ann').unblockPerson({ userId: 'nobody' })

  expect((await users.events()).slice(2)).toEqual([
    { event: 'personUnblocked', payload: pair },
    { event: 'audited', payload: { action: 'person.unblocked', ...entry } },
  ])
  expect((await users.as('ann').listBlockedPeople({})).items).toEqual([])
})

test('nobody can lift the block of another', async () => {
  await using users = await openWith('ann', 'bob')
  await users.as('ann').blockPerson({ userId: 'bob' })

  await users.as('bob').unblockPerson({ userId: 'ann' })
  await users.as('bob').unblockPerson({ userId: 'bob' })

  expect((await users.as('ann').listBlockedPeople({})).items).toHaveLength(1)
  expect(await users.as('bob').listBlockedPeople({})).toMatchObject({ items: [] })
})

test('blocking oneself is refused', async () => {
  await using users = await openWith('ann')

  await expect(users.as('ann').blockPerson({ userId: 'ann' })).rejects.toMatchObject({
    code: 'cannot_block_self',
    status: 400,
  })
  expect(await users.events()).toEqual([])
})

test('blocking nobody is refused', async () => {
  await using users = await openWith('ann')

  await expect(users.as('ann').blockPerson({ userId: 'nobody' })).rejects.toMatchObject({
    code: 'user_not_found',
    status: 404,
  })
  expect(await users.events()).toEqual([])
})

test('blocks are for members', async () => {
  await using users = await openWith('ann', 'bob')

  await expect(users.anonymous.blockPerson({ userId: 'bob' })).rejects.toMatchObject({
    code: 'unauthenticated',
  })
  await expect(
    users.as('ann', { confirmed: false }).blockPerson({ userId: 'bob' }),
  ).rejects.toMatchObject({ code: 'email_unconfirmed' })
})

test('blocked people are listed latest first, page by page', async () => {
  const ids = ['bob', 'cid', 'dan', 'eve', 'fay']
  await using users = await openWith('ann', ...ids)
  for (const userId of ids) {
    await nextMillisecond()
    await users.as('ann').blockPerson({ userId })
  }

  const first = await users.as('ann').listBlockedPeople({ limit: 2, count: true })
  const second = await users.as('ann').listBlockedPeople({ limit: 2, cursor: String(first.next) })
  const back = await users
    .as('ann')
    .listBlockedPeople({ limit: 2, cursor: String(second.previous) })

  const idsOf = (page: typeof first) => page.items.map(({ person }) => person.id)
  expect(idsOf(first)).toEqual(['fay', 'eve'])
  expect(first.count).toBe(5)
  expect(idsOf(second)).toEqual(['dan', 'cid'])
  expect(idsOf(back)).toEqual(idsOf(first))
  expect(first.previous).toBeNull()
})

test('other services learn of blocks in either direction', async () => {
  await using users = await openWith('ann', 'bob', 'cid', 'dan')
  await users.as('ann').blockPerson({ userId: 'bob' })
  await users.as('cid').blockPerson({ userId: 'ann' })
  await users.as('bob').blockPerson({ userId: 'cid' })

  const others = ['bob', 'cid', 'dan', 'nobody']
  const { blocked } = await users.internally.listBlocksBetween({ userId: 'ann', others })

  expect(blocked.sort()).toEqual(['bob', 'cid'])
  expect(await users.internally.listBlocksBetween({ userId: 'ann', others: [] })).toEqual({
    blocked: [],
  })
})
