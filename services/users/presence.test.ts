import { expect, test } from 'vitest'
import { accounts } from '../../contracts/accounts.ts'
import { eventually, type TestedService, temporaryFolder, testService } from '../../kit/testing.ts'
import { usersService } from './index.ts'

type Users = TestedService<typeof usersService.contract>

/** No grace at all, unless a test is about it. */
async function openWith(
  ids: readonly string[],
  options: { PRESENCE_GRACE_MS?: string; PRESENCE_EXPIRE_MS?: string; folder?: string } = {},
): Promise<Users> {
  const { folder, ...environment } = options
  const users = await testService(usersService, {
    environment: { PRESENCE_GRACE_MS: '0', ...environment },
    ...(folder !== undefined && { folder }),
  })
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

function connection(userId: string, connectionId = `of-${userId}`, gatewayId = 'gateway') {
  return { userId, connectionId, gatewayId }
}

async function presenceOf(users: Users, userId: string, viewer = 'viewer') {
  const { items } = await users.as(viewer).getPresence({ userIds: [userId] })
  return items[0]
}

/** Signals, once there are so many: those of a leaving come a moment after the change. */
async function signalsOf(users: Users, userId: string, count: number) {
  const ofOne = () =>
    users.signals().filter(({ payload }) => (payload as { userId: string }).userId === userId)
  return eventually(ofOne, ({ length }) => length >= count)
}

const isOffline = (seen: { online: boolean } | undefined) => seen?.online === false

const here = { userId: 'ann', online: true, status: 'online', lastSeenAt: null }
const away = { userId: 'ann', online: false, status: 'offline', lastSeenAt: expect.any(String) }
const hidden = { ...away, lastSeenAt: null }
const came = { signal: 'userOnline', payload: { userId: 'ann', status: 'online' } }
const left = {
  signal: 'userOffline',
  payload: { userId: 'ann', lastSeenAt: expect.any(String) },
}
const vanished = { signal: 'userOffline', payload: { userId: 'ann', lastSeenAt: null } }

test('a person is there while connected and has a last seen time afterwards', async () => {
  await using users = await openWith(['ann'])
  const never = await presenceOf(users, 'ann')

  await users.internally.openConnection(connection('ann'))
  const during = await presenceOf(users, 'ann')
  const before = new Date().toISOString()
  await users.internally.closeConnection(connection('ann'))
  const after = await eventually(() => presenceOf(users, 'ann'), isOffline)

  expect([never, during, after]).toEqual([hidden, here, away])
  expect(String(after?.lastSeenAt) >= before).toBe(true)
  expect(await signalsOf(users, 'ann', 2)).toEqual([came, left])
})

test('a person with several tabs on several gateways leaves with the last one', async () => {
  await using users = await openWith(['ann', 'bob'])
  const tabs = [
    connection('ann', 'one'),
    connection('ann', 'two'),
    connection('ann', 'one', 'other-gateway'),
  ]

  await Promise.all(tabs.map((tab) => users.internally.openConnection(tab)))
  await users.internally.openConnection(connection('bob'))
  await Promise.all(tabs.slice(0, 2).map((tab) => users.internally.closeConnection(tab)))
  await users.internally.closeConnection(connection('bob'))
  await eventually(() => presenceOf(users, 'bob'), isOffline)
  const withOneTab = await presenceOf(users, 'ann')
  await users.internally.closeConnection(connection('ann', 'one', 'other-gateway'))
  await eventually(() => presenceOf(users, 'ann'), isOffline)

  expect(withOneTab).toEqual(here)
  expect(await signalsOf(users, 'ann', 2)).toEqual([came, left])
})

test('opening and closing twice, and closing what never was open, changes nothing more', async () => {
  await using users = await openWith(['ann'])

  await users.internally.closeConnection(connection('ann', 'unknown'))
  await users.internally.openConnection(connection('ann'))
  await users.internally.openConnection(connection('ann'))
  await users.internally.closeConnection(connection('bob', 'of-ann'))
  await users.internally.closeConnection(connection('ann'))
  await eventually(() => presenceOf(users, 'ann'), isOffline)
  await users.internally.closeConnection(connection('ann'))

  expect(await signalsOf(users, 'ann', 2)).toEqual([came, left])
})

test('who comes back within the grace has not left', async () => {
  await using users = await openWith(['ann', 'bob'], { PRESENCE_GRACE_MS: '300' })
  await users.internally.openConnection(connection('ann', 'before'))
  await users.internally.openConnection(connection('bob'))

  await users.internally.closeConnection(connection('ann', 'before'))
  await users.internally.openConnection(connection('ann', 'after'))
  await users.internally.closeConnection(connection('bob'))
  const duringGrace = await presenceOf(users, 'bob')
  await eventually(() => presenceOf(users, 'bob'), isOffline)

  expect(duringGrace).toMatchObject({ online: true })
  expect(await presenceOf(users, 'ann')).toEqual(here)
  expect(await signalsOf(users, 'bob', 2)).toHaveLength(2)
  expect(await signalsOf(users, 'ann', 1)).toEqual([came])
})

test('connections that their gateway no longer names expire; those it names stay', async () => {
  await using users = await openWith(['ann', 'bob'], { PRESENCE_EXPIRE_MS: '1000' })
  await users.internally.openConnection(connection('ann'))
  await users.internally.openConnection(connection('bob'))

  await eventually(async () => {
    await users.internally.keepConnections({ gatewayId: 'gateway', connectionIds: ['of-bob'] })
    return presenceOf(users, 'ann')
  }, isOffline)

  expect(await presenceOf(users, 'bob')).toMatchObject({ online: true })
  expect(await signalsOf(users, 'ann', 2)).toEqual([came, left])
  expect(await signalsOf(users, 'bob', 1)).toHaveLength(1)
})

test('a gateway is told which of its connections are not known, and may open them again', async () => {
  await using users = await openWith(['ann'])
  await users.internally.openConnection(connection('ann', 'known'))

  const connectionIds = ['known', 'lost', 'never']
  const answer = await users.internally.keepConnections({ gatewayId: 'gateway', connectionIds })
  const elsewhere = await users.internally.keepConnections({ gatewayId: 'other', connectionIds })

  expect(answer).toEqual({ unknown: ['lost', 'never'] })
  expect(elsewhere).toEqual({ unknown: connectionIds })
})

test('after a restart a gateway that is alone ends what the one before it left, at once', async () => {
  using folder = temporaryFolder()
  {
    await using users = await openWith(['ann', 'bob'], { folder: folder.path })
    await users.internally.openConnection(connection('ann'))
    await users.internally.openConnection(connection('bob'))
  }
  await using users = await openWith([], { folder: folder.path })

  await users.internally.openConnection(connection('bob', 'new', 'new-gateway'))
  await users.internally.keepConnections({
    gatewayId: 'new-gateway',
    connectionIds: [],
    alone: true,
  })

  expect(await eventually(() => presenceOf(users, 'ann'), isOffline)).toEqual(away)
  expect(await presenceOf(users, 'bob')).toMatchObject({ online: true })
  expect(await signalsOf(users, 'ann', 1)).toEqual([left])
})

test('the last seen time survives a restart', async () => {
  using folder = temporaryFolder()
  let before: unknown
  {
    await using users = await openWith(['ann'], { folder: folder.path })
    await users.internally.openConnection(connection('ann'))
    await users.internally.closeConnection(connection('ann'))
    before = await eventually(() => presenceOf(users, 'ann'), isOffline)
  }
  await using users = await openWith([], { folder: folder.path })

  expect(before).toEqual(away)
  expect(await presenceOf(users, 'ann')).toEqual(before)
})

test('a chosen status is shown while connected, and each change is told once', async () => {
  await using users = await openWith(['ann'])
  await users.as('ann').updateStatus({ status: 'busy' })
  const disconnected = await presenceOf(users, 'ann')

  await users.internally.openConnection(connection('ann'))
  const busy = await presenceOf(users, 'ann')
  await users.as('ann').updateStatus({ status: 'away' })
  await users.as('ann').updateStatus({ status: 'away' })

  expect([disconnected, busy]).toEqual([hidden, { ...here, status: 'busy' }])
  expect(await users.as('ann').getMe({})).toMatchObject({ status: 'away' })
  expect(await signalsOf(users, 'ann', 2)).toEqual([
    { signal: 'userOnline', payload: { userId: 'ann', status: 'busy' } },
    { signal: 'userOnline', payload: { userId: 'ann', status: 'away' } },
  ])
})

test('who is there unseen looks as if they had left then, and comes and goes untold', async () => {
  await using users = await openWith(['ann', 'bob'])
  await users.internally.openConnection(connection('ann'))

  await users.as('ann').updateStatus({ status: 'offline' })
  const unseen = await presenceOf(users, 'ann')
  const now = new Date().toISOString()
  await eventually(() => new Date().toISOString() > now)
  await users.internally.closeConnection(connection('ann'))
  await users.internally.openConnection(connection('bob'))
  await users.internally.closeConnection(connection('bob'))
  await eventually(() => presenceOf(users, 'bob'), isOffline)
  await users.internally.openConnection(connection('ann'))

  expect(unseen).toEqual(away)
  expect(await presenceOf(users, 'ann')).toEqual(unseen)
  expect(await signalsOf(users, 'ann', 2)).toEqual([came, left])
  await users.as('ann').updateStatus({ status: 'online' })
  expect(users.signals().at(-1)).toEqual(came)
})

test('settings hide when somebody was seen, and whether they are there', async () => {
  await using users = await openWith(['ann'])
  await users.internally.openConnection(connection('ann'))

  await users.as('ann').updateSettings({ statusVisibility: 'nobody' })
  const unseen = await presenceOf(users, 'ann')
  await users.as('ann').updateSettings({ statusVisibility: 'everyone', lastSeen: 'nobody' })
  const seen = await presenceOf(users, 'ann')
  await users.internally.closeConnection(connection('ann'))
  const gone = await eventually(() => presenceOf(users, 'ann'), isOffline)

  expect([unseen, seen, gone]).toEqual([hidden, here, hidden])
  expect(await signalsOf(users, 'ann', 4)).toEqual([came, vanished, came, vanished])
})

test('neither side of a block learns whether the other is there', async () => {
  await using users = await openWith(['ann', 'bob'])
  await users.internally.openConnection(connection('ann'))
  await users.internally.openConnection(connection('bob'))

  await users.as('ann').blockPerson({ userId: 'bob' })

  expect(await presenceOf(users, 'ann', 'bob')).toEqual(hidden)
  expect(await presenceOf(users, 'bob', 'ann')).toMatchObject({ online: false })
  expect(await presenceOf(users, 'ann')).toEqual(here)
})

test('watching answers with how people are, and takes the watcher out of rooms of the hidden', async () => {
  await using users = await openWith(['ann', 'bob', 'cid'])
  await users.internally.openConnection(connection('ann'))
  await users.internally.openConnection(connection('bob'))
  await users
    .as('bob')
    .blockPerson({ userId: 'viewer' })
    .catch(() => undefined)
  await users.as('bob').blockPerson({ userId: 'cid' })
  const before = (await users.events()).length

  const watched = { userIds: ['ann', 'bob', 'nobody'] }
  const { items } = await users.as('cid').watchPresence(watched)
  const other = await users.as('viewer').watchPresence(watched)

  expect(items).toHaveLength(2)
  expect(items).toEqual(expect.arrayContaining([here, { ...hidden, userId: 'bob' }]))
  expect(other.items).toEqual(expect.arrayContaining([here, { ...here, userId: 'bob' }]))
  expect((await users.events()).slice(before)).toEqual([
    { event: 'presenceHidden', payload: { userId: 'cid', hiddenId: 'bob' } },
  ])
  expect(await users.as('cid').unwatchPresence(watched)).toEqual({})
})

test('a deactivated account is not there, and those who watch are told once', async () => {
  await using users = await openWith(['ann'])
  await users.internally.openConnection(connection('ann'))

  await users.announce(accounts, 'accountBlocked', { userId: 'ann', reason: '-', until: null })
  await users.announce(accounts, 'accountChanged', {
    userId: 'ann',
    username: 'ann',
    role: 'user',
    blocked: true,
  })
  await users.internally.closeConnection(connection('ann'))

  expect(await presenceOf(users, 'ann')).toEqual(hidden)
  expect(await signalsOf(users, 'ann', 2)).toEqual([came, vanished])
})

test('presence is for members, of up to 500 people, and connections are for gateways', async () => {
  await using users = await openWith([])
  const userIds = ['ann']

  await expect(users.anonymous.getPresence({ userIds })).rejects.toMatchObject({
    code: 'unauthenticated',
  })
  await expect(users.anonymous.watchPresence({ userIds })).rejects.toMatchObject({
    code: 'unauthenticated',
  })
  for (const wrong of [[], Array(501).fill('x'), ['']]) {
    await expect(users.as('ann').getPresence({ userIds: wrong })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  }
  await expect(users.as('ann').updateStatus({ status: 'dancing' as never })).rejects.toMatchObject({
    code: 'invalid_input',
  })
  await expect(users.as('ann').openConnection(connection('bob'))).rejects.toMatchObject({
    code: 'not_found',
  })
  await expect(users.as('ann').closeConnection(connection('bob'))).rejects.toMatchObject({
    code: 'not_found',
  })
  await expect(
    users.as('ann').keepConnections({ gatewayId: 'gateway', connectionIds: [] }),
  ).rejects.toMatchObject({ code: 'not_found' })
})
