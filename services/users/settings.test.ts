import { expect, test } from 'vitest'
import { accounts } from '../../contracts/accounts.ts'
import { type TestedService, testService } from '../../kit/testing.ts'
import { usersService } from './index.ts'

type Users = TestedService<typeof usersService.contract>

async function register(users: Users, userId: string): Promise<void> {
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

test('settings have defaults, and a change leaves the others as they are', async () => {
  await using users = await testService(usersService)
  await register(users, 'ann')
  const before = await users.as('ann').getSettings({})

  const after = await users.as('ann').updateSettings({ darkMode: 'on', readReceipts: false })

  expect(before).toMatchObject({ darkMode: 'system', readReceipts: true, lastSeen: 'everyone' })
  expect(after).toEqual({ ...before, darkMode: 'on', readReceipts: false })
  expect(await users.as('ann').getSettings({})).toEqual(after)
  expect(await users.as('ann').updateSettings({ darkMode: 'system', readReceipts: true })).toEqual(
    before,
  )
  expect(await users.events()).toEqual([])
})

test('settings refuse unknown names and values', async () => {
  await using users = await testService(usersService)
  await register(users, 'ann')

  for (const input of [
    { twoFactorAuth: true },
    { lastSeen: 'contacts' },
    { soundEnabled: 'yes' },
  ]) {
    await expect(users.as('ann').updateSettings(input as never)).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ field: Object.keys(input)[0] }],
    })
  }
})

test('other services read the settings of several people', async () => {
  await using users = await testService(usersService)
  await register(users, 'ann')
  await register(users, 'bob')
  await users.as('ann').updateSettings({ readReceipts: false })

  const { people } = await users.internally.getSettingsOf({ userIds: ['ann', 'bob', 'nobody'] })

  const receipts = people.map(({ userId, settings }) => [userId, settings.readReceipts])
  expect(receipts.sort()).toEqual([
    ['ann', false],
    ['bob', true],
  ])
})

test('a hidden avatar is seen by its owner only', async () => {
  await using users = await testService(usersService)
  await register(users, 'ann')
  await register(users, 'bob')
  await users.as('ann').updateMe({ avatar: 'https://example.com/a.png' })

  await users.as('ann').updateSettings({ profilePhotoVisibility: 'nobody' })

  const { items } = await users.as('bob').listUsers({})
  const { people } = await users.internally.getPeople({ userIds: ['ann'] })
  const { avatar } = await users.as('bob').getUser({ userId: 'ann' })
  expect([items[0]?.avatar, people[0]?.avatar, avatar]).toEqual([null, null, null])
  expect(await users.as('ann').getMe({})).toMatchObject({ avatar: 'https://example.com/a.png' })
  expect((await users.events()).at(-1)).toEqual({
    event: 'profileChanged',
    payload: { userId: 'ann', username: 'ann', displayName: 'ann', avatar: null },
  })
})
