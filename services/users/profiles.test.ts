import { expect, test } from 'vitest'
import { accounts } from '../../contracts/accounts.ts'
import { Failure } from '../../kit/failure.ts'
import { type TestedService, testService } from '../../kit/testing.ts'
import { usersService } from './index.ts'

type Users = TestedService<typeof usersService.contract>

const registeredAt = '2026-01-02T03:04:05.000Z'

async function register(users: Users, userId: string, detail: object = {}): Promise<void> {
  await users.announce(accounts, 'accountRegistered', {
    userId,
    username: userId,
    displayName: userId,
    email: `${userId}@example.com`,
    role: 'user',
    profile: {},
    registeredAt,
    ...detail,
  })
}

const accountOf = ({ userId }: { userId: string }) => ({
  userId,
  username: userId,
  email: `${userId}@example.com`,
  role: 'user' as const,
  confirmed: false,
  blocked: false,
  registeredAt,
})

const accountsOf = async ({ userIds }: { userIds: readonly string[] }) => ({
  accounts: userIds.map((userId) => accountOf({ userId })),
})

const uses = { accounts: { getAccounts: accountsOf } }

const renaming = { accounts: { ...uses.accounts, renameAccount: async () => ({}) } }

const unknownAccount = { accounts: { getAccounts: async () => ({ accounts: [] }) } }

test('a registered person has the profile given at sign-up', async () => {
  await using users = await testService(usersService)

  await register(users, 'ann', {
    username: 'Ann_1',
    displayName: 'Ann Lee',
    locale: 'pt-BR',
    profile: { title: 'Ms', publicEmail: true, phoneNumber: '+351912345678' },
  })

  expect(await users.as('ann').getMe({})).toEqual({
    id: 'ann',
    username: 'Ann_1',
    displayName: 'Ann Lee',
    firstName: null,
    lastName: null,
    title: 'Ms',
    bio: null,
    country: null,
    twitter: null,
    linkedIn: null,
    personalWebsite: null,
    avatar: null,
    role: 'user',
    registeredAt,
    email: 'ann@example.com',
    phoneNumber: '+351912345678',
    publicEmail: true,
    locale: 'pt-BR',
    status: 'online',
  })
  expect(await users.events()).toEqual([])
})

test('own operations work before the registration has been heard of, and lose nothing to it', async () => {
  await using users = await testService(usersService, { uses })
  const ann = users.as('ann', { confirmed: false })

  expect(await ann.getMe({})).toMatchObject({ username: 'ann', displayName: 'ann' })
  await ann.updateMe({ bio: 'Mine' })
  await register(users, 'ann', {
    displayName: 'Ann Lee',
    profile: { bio: 'Late', country: 'Peru' },
  })

  expect(await ann.getMe({})).toMatchObject({
    displayName: 'Ann Lee',
    bio: 'Mine',
    country: 'Peru',
  })
  expect(await users.events()).toEqual([
    {
      event: 'profileChanged',
      payload: { userId: 'ann', username: 'ann', displayName: 'Ann Lee', avatar: null },
    },
  ])
})

test('a profile asked for many times at once is made once', async () => {
  await using users = await testService(usersService, { uses })

  const seen = await Promise.all([
    ...Array.from({ length: 8 }, () => users.as('ann').getMe({})),
    ...Array.from({ length: 8 }, () => users.as('ann').getSettings({})),
    register(users, 'ann'),
  ])

  expect(seen).toHaveLength(17)
  const { people } = await users.internally.getPeople({ userIds: ['ann'] })
  expect(people).toHaveLength(1)
})

test('an address that was hidden before the word of the sign-up came stays hidden', async () => {
  await using users = await testService(usersService, { uses })
  await users.as('ann').updateMe({ publicEmail: true })
  await users.as('ann').updateMe({ publicEmail: false })
  await users.as('bob').getMe({})

  await register(users, 'ann', { profile: { publicEmail: true } })
  await register(users, 'bob', { profile: { publicEmail: true } })

  expect(await users.as('ann').getMe({})).toMatchObject({ publicEmail: false })
  expect(await users.as('bob').getMe({})).toMatchObject({ publicEmail: true })
})

test('own operations refuse when there is no such account', async () => {
  await using users = await testService(usersService, { uses: unknownAccount })

  for (const refused of [
    () => users.as('ann').getMe({}),
    () => users.as('ann').updateMe({ bio: 'x' }),
    () => users.as('ann').getSettings({}),
    () => users.as('ann').updateSettings({}),
  ]) {
    await expect(refused()).rejects.toMatchObject({ code: 'user_not_found', status: 404 })
  }
})

test('own operations need a session', async () => {
  await using users = await testService(usersService)

  await expect(users.anonymous.getMe({})).rejects.toMatchObject({ code: 'unauthenticated' })
  await expect(users.anonymous.updateMe({})).rejects.toMatchObject({ code: 'unauthenticated' })
  await expect(users.anonymous.getUser({ userId: 'ann' })).rejects.toMatchObject({
    code: 'unauthenticated',
  })
})

test('a public profile shows the e-mail address only when its owner shows it', async () => {
  await using users = await testService(usersService)
  await register(users, 'ann')
  await register(users, 'bob')

  const hidden = await users.as('bob').getUser({ userId: 'ann' })
  await users.as('ann').updateMe({ publicEmail: true })
  const shown = await users.anonymous.getUserByUsername({ username: 'ANN' })

  expect(hidden).not.toHaveProperty('email')
  expect(shown.email).toBe('ann@example.com')
  expect(Object.keys(shown).sort()).toEqual([...Object.keys(hidden), 'email'].sort())
  for (const secret of ['phoneNumber', 'settings', 'locale', 'usernameKey']) {
    expect(shown).not.toHaveProperty(secret)
  }
})

test('a profile of nobody, or of a deactivated account, is not found', async () => {
  await using users = await testService(usersService, { uses: unknownAccount })
  await register(users, 'ann')
  await register(users, 'bob')
  await users.announce(accounts, 'accountBlocked', { userId: 'bob', reason: 'Spam', until: null })

  for (const name of ['bob', 'nobody']) {
    const refused = { code: 'user_not_found', status: 404 }
    await expect(users.as('ann').getUser({ userId: name })).rejects.toMatchObject(refused)
    await expect(users.anonymous.getUserByUsername({ username: name })).rejects.toMatchObject(
      refused,
    )
  }
  await users.announce(accounts, 'accountUnblocked', { userId: 'bob' })
  expect(await users.as('ann').getUser({ userId: 'bob' })).toMatchObject({ id: 'bob' })
})

test('who has blocked the caller is not found; who is blocked by the caller is marked', async () => {
  await using users = await testService(usersService)
  await register(users, 'ann')
  await register(users, 'bob')
  await users.as('ann').blockPerson({ userId: 'bob' })

  const refused = { code: 'user_not_found' }
  await expect(users.as('bob').getUser({ userId: 'ann' })).rejects.toMatchObject(refused)
  await expect(users.as('bob').getUserByUsername({ username: 'ann' })).rejects.toMatchObject(
    refused,
  )
  expect(await users.as('ann').getUser({ userId: 'bob' })).toMatchObject({ blockedByMe: true })
  expect(await users.anonymous.getUserByUsername({ username: 'ann' })).toMatchObject({
    blockedByMe: false,
  })
})

test('updateMe changes what is given, empties what is null, and leaves the rest', async () => {
  await using users = await testService(usersService)
  await register(users, 'ann', { profile: { title: 'Ms', bio: 'Old', country: 'Peru' } })

  const answer = await users.as('ann').updateMe({
    displayName: ' Ann  Lee ',
    bio: null,
    title: '   ',
    twitter: 'https://x.com/@ann',
    personalWebsite: 'HTTP://example.com:8080/a?b#c',
    avatar: '/uploads/avatars/ann-1.webp',
    locale: 'de',
  })

  expect(answer).toMatchObject({
    displayName: 'Ann  Lee',
    bio: null,
    title: null,
    country: 'Peru',
    twitter: 'https://x.com/@ann',
    personalWebsite: 'HTTP://example.com:8080/a?b#c',
    avatar: '/uploads/avatars/ann-1.webp',
    locale: 'de',
  })
  expect(await users.as('ann').getMe({})).toEqual(answer)
})

test('updateMe announces a new look and audits a new name', async () => {
  await using users = await testService(usersService)
  await register(users, 'ann')

  await users.as('ann').updateMe({ displayName: 'Ann Lee', publicEmail: true })
  await users.as('ann').updateMe({ displayName: 'Ann Lee', publicEmail: true })
  await users.as('ann').updateMe({ bio: 'Something' })
  await users.as('ann').updateMe({ avatar: 'https://example.com/a.png' })

  const look = { userId: 'ann', username: 'ann', displayName: 'Ann Lee' }
  expect(await users.events()).toEqual([
    { event: 'profileChanged', payload: { ...look, avatar: null } },
    {
      event: 'audited',
      payload: {
        action: 'profile.updated',
        outcome: 'success',
        actorId: 'ann',
        subjectId: 'ann',
        ip: '192.0.2.1',
        userAgent: 'test',
        detail: { fields: 'displayName publicEmail' },
        at: expect.any(String),
      },
    },
    { event: 'profileChanged', payload: { ...look, avatar: 'https://example.com/a.png' } },
  ])
})

test('updateMe refuses what it must not store, by the name of the field', async () => {
  await using users = await testService(usersService)
  await register(users, 'ann')
  const wrong: Record<string, unknown>[] = [
    { email: 'new@example.com' },
    { role: 'admin' },
    { id: 'bob' },
    { username: 'an' },
    { username: 'änn' },
    { displayName: '' },
    { displayName: '  ' },
    { displayName: 'a'.repeat(51) },
    { displayName: 'a\u0000b' },
    { displayName: '\ud800' },
    { displayName: 'a\u202eb' },
    { displayName: null },
    { bio: 'a\u0000b' },
    { bio: 'a'.repeat(1_001) },
    { twitter: 'javascript:alert(1)' },
    { linkedIn: 'ftp://example.com' },
    { personalWebsite: 'https://google.com@evil.example' },
    { personalWebsite: 'https://exa mple.com' },
    { personalWebsite: 'data:text/html,x' },
    { personalWebsite: '//example.com' },
    { avatar: 'http://example.com/a.png' },
    { avatar: '/uploads/../secret' },
    { avatar: '/api/v1/users' },
    { avatar: 'data:image/png;base64,AA' },
    { locale: 'de_DE' },
    { publicEmail: 'yes' },
  ]

  for (const input of wrong) {
    await expect(users.as('ann').updateMe(input)).rejects.toMatchObject({
      code: 'invalid_input',
      errors: expect.arrayContaining([expect.objectContaining({ field: Object.keys(input)[0] })]),
    })
  }
  expect(await users.events()).toEqual([])
})

test('a new username goes through accounts', async () => {
  const asked: unknown[] = []
  await using users = await testService(usersService, {
    uses: {
      accounts: {
        renameAccount: async (input) => {
          asked.push(input)
          return {}
        },
      },
    },
  })
  await register(users, 'ann')

  const answer = await users.as('ann').updateMe({ username: 'Anna', bio: 'x' })
  await users.as('ann').updateMe({ username: 'Anna' })

  expect(answer).toMatchObject({ username: 'Anna', bio: 'x' })
  expect(asked).toEqual([{ userId: 'ann', username: 'Anna' }])
  expect((await users.events()).map(({ event }) => event)).toEqual(['profileChanged', 'audited'])
  expect(await users.anonymous.getUserByUsername({ username: 'anna' })).toMatchObject({ id: 'ann' })
  await expect(users.anonymous.getUserByUsername({ username: 'ann' })).rejects.toMatchObject({
    code: 'user_not_found',
  })
})

test('a username that is taken is refused, and nothing else is changed', async () => {
  await using users = await testService(usersService, {
    uses: {
      accounts: {
        renameAccount: async () => {
          throw new Failure('username_taken', 409)
        },
      },
    },
  })
  await register(users, 'ann')

  await expect(users.as('ann').updateMe({ username: 'bob', bio: 'x' })).rejects.toMatchObject({
    code: 'username_taken',
    status: 409,
  })
  expect(await users.as('ann').getMe({})).toMatchObject({ username: 'ann', bio: null })
  expect(await users.events()).toEqual([])
})

test('a later username that accounts has told of is not overwritten by an earlier one', async () => {
  let announceLater = async () => {}
  await using users = await testService(usersService, {
    uses: {
      accounts: {
        renameAccount: async () => {
          await announceLater()
          return {}
        },
      },
    },
  })
  await register(users, 'ann')
  const state = { userId: 'ann', role: 'user', blocked: false } as const
  announceLater = async () => {
    await users.announce(accounts, 'accountChanged', { ...state, username: 'first' })
    await users.announce(accounts, 'accountChanged', { ...state, username: 'later' })
  }

  await users.as('ann').updateMe({ username: 'first' })

  expect(await users.as('ann').getMe({})).toMatchObject({ username: 'later' })
})

test('changes of the account reach the profile', async () => {
  await using users = await testService(usersService)
  await register(users, 'ann')

  await users.announce(accounts, 'accountChanged', {
    userId: 'ann',
    username: 'anna',
    role: 'moderator',
    blocked: true,
  })
  await users.announce(accounts, 'accountConfirmed', {
    userId: 'ann',
    username: 'anna',
    email: 'new@example.com',
  })

  expect(await users.as('ann').getMe({})).toMatchObject({
    username: 'anna',
    role: 'moderator',
    email: 'new@example.com',
  })
  expect(await users.internally.getPeople({ userIds: ['ann'] })).toEqual({
    people: [{ id: 'ann', username: 'anna', displayName: 'ann', avatar: null, blocked: true }],
  })
  expect(await users.events()).toEqual([
    {
      event: 'profileChanged',
      payload: { userId: 'ann', username: 'anna', displayName: 'ann', avatar: null },
    },
  ])
})

test('changes made at once are all kept', async () => {
  await using users = await testService(usersService, { uses: renaming })
  await register(users, 'ann')
  const ann = users.as('ann')

  await Promise.all([
    ann.updateMe({ bio: 'b' }),
    ann.updateMe({ title: 't' }),
    ann.updateMe({ displayName: 'Ann' }),
    ann.updateMe({ username: 'annie' }),
    ann.updateSettings({ readReceipts: false }),
    ann.updateSettings({ darkMode: 'on' }),
  ])

  expect(await ann.getMe({})).toMatchObject({
    bio: 'b',
    title: 't',
    displayName: 'Ann',
    username: 'annie',
  })
  expect(await ann.getSettings({})).toMatchObject({ readReceipts: false, darkMode: 'on' })
})

test('somebody who has just signed up is known before the registration has been heard of', async () => {
  await using users = await testService(usersService, { uses })

  const { people } = await users.internally.getPeople({ userIds: ['ann'] })

  expect(people).toMatchObject([{ id: 'ann', username: 'ann' }])
  expect(await users.as('bob').getUser({ userId: 'ann' })).toMatchObject({ id: 'ann' })
})

test('getPeople answers with those who are known, in short', async () => {
  const asked: (readonly string[])[] = []
  await using users = await testService(usersService, {
    uses: {
      accounts: {
        async getAccounts({ userIds }) {
          asked.push(userIds)
          return accountsOf({ userIds: userIds.filter((id) => id === 'new') })
        },
      },
    },
  })
  for (const id of ['ann', 'bob', 'cid']) await register(users, id)

  const { people } = await users.internally.getPeople({
    userIds: ['cid', 'nobody', 'ann', 'ann', 'new', "x' or 1=1 --", 'nobody'],
  })
  const none = await users.internally.getPeople({ userIds: [] })

  expect(people.map(({ id }) => id).sort()).toEqual(['ann', 'cid', 'new'])
  // Once for all who are not known here, however many they are.
  expect(asked).toEqual([['nobody', 'new', "x' or 1=1 --"]])
  expect(none).toEqual({ people: [] })
  await expect(users.as('ann').getPeople({ userIds: [] })).rejects.toMatchObject({
    code: 'not_found',
  })
})
