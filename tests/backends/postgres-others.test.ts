import { expect, test } from 'vitest'
import { accounts } from '../../contracts/accounts.ts'
import { eventually, temporaryFolder, testService } from '../../kit/testing.ts'
import { notificationsService } from '../../services/notifications/index.ts'
import { usersService } from '../../services/users/index.ts'
import { testGateway } from '../gateway.ts'

// Two instances of a service on one database, as two processes would be.

const registeredAt = '2026-01-02T03:04:05.000Z'
const toAccount = (userId: string) => ({
  userId,
  username: userId,
  email: `${userId}@example.org`,
  role: 'user' as const,
  confirmed: true,
  blocked: false,
  registeredAt,
})
const site = { siteName: 'Agora', registration: 'open', requireEmailConfirmation: true } as const
const uses = {
  accounts: {
    getAccount: async ({ userId }: { userId: string }) => toAccount(userId),
    getAccounts: async ({ userIds }: { userIds: readonly string[] }) => ({
      accounts: userIds.map(toAccount),
    }),
    getSite: async () => site,
  },
}
const times = (n: number) => Array.from({ length: n }, (_, index) => index)

async function openTwo<One extends AsyncDisposable>(open: (folder: string) => Promise<One>) {
  const folder = temporaryFolder()
  const one = await open(folder.path)
  const two = await open(folder.path)
  return {
    one,
    two,
    /** One or the other, in turn. */
    any: (index: number) => (index % 2 === 0 ? one : two),
    async [Symbol.asyncDispose]() {
      await one[Symbol.asyncDispose]()
      await two[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

const openUsers = () => openTwo((folder) => testService(usersService, { uses, folder }))
const openNotifications = () =>
  openTwo((folder) => testService(notificationsService, { uses, folder }))

test('changes of different fields of one profile at once are all kept', async () => {
  await using users = await openUsers()
  await users.one.as('ann').getMe({})
  const fields = ['bio', 'title', 'firstName', 'lastName', 'country'] as const

  for (const round of times(8)) {
    await Promise.all(
      fields.map((field, n) =>
        users
          .any(n)
          .as('ann')
          .updateMe({ [field]: `${field} ${round}` }),
      ),
    )
    const expected = Object.fromEntries(fields.map((field) => [field, `${field} ${round}`]))
    expect(await users.two.as('ann').getMe({})).toMatchObject(expected)
  }
})

test('a profile that both instances make at once is made once', async () => {
  await using users = await openUsers()
  await Promise.all(times(20).map((n) => users.any(n).as('ann').getMe({})))
  const { items } = await users.one.as('viewer').listUsers({ search: 'ann' })
  expect(items).toHaveLength(1)
})

test('profiles that both instances make in opposite orders are made, each once', async () => {
  await using users = await openUsers()
  const userIds = times(100).map((n) => `new${n}`)

  const answers = await Promise.all(
    times(8).map((n) => {
      const asked = n % 2 === 0 ? userIds : userIds.toReversed()
      return users.any(n).internally.getPeople({ userIds: asked })
    }),
  )

  for (const { people } of answers) expect(people).toHaveLength(100)
  const { count } = await users.one.as('viewer').listUsers({ search: 'new', count: true })
  expect(count).toBe(100)
})

test('a block that is asked for many times at once is told once', async () => {
  await using users = await openUsers()
  for (const n of times(6)) {
    await Promise.all(
      times(6).map((m) =>
        users
          .any(m)
          .as('ann')
          .blockPerson({ userId: `bob${n}` }),
      ),
    )
  }
  const told = (await users.one.events()).filter(({ event }) => event === 'personBlocked')
  expect(told).toHaveLength(6)
})

test('a person whose connections open and close at two instances is there as long as one is', async () => {
  await using users = await openUsers()
  await users.one.as('ann').getMe({})
  const connection = (n: number) => ({
    userId: 'ann',
    connectionId: `c${n}`,
    gatewayId: `gateway${n % 2}`,
  })
  await Promise.all(times(20).map((n) => users.any(n).internally.openConnection(connection(n))))
  await Promise.all(
    times(19).map((n) => users.any(n + 1).internally.closeConnection(connection(n))),
  )

  const { items } = await users.two.as('bob').getPresence({ userIds: ['ann'] })
  expect(items[0]).toMatchObject({ online: true })
})

test('what is unread is counted right while it comes and is read through both instances', async () => {
  await using notifications = await openNotifications()
  const news = { userId: 'ann', type: 'system' as const, title: 'News', body: 'Here', data: {} }

  for (const _ of times(6)) {
    await Promise.all(
      times(12).map((n) =>
        n % 6 === 5
          ? notifications.any(n).as('ann').markAllNotificationsRead({})
          : notifications.any(n).internally.notify(news),
      ),
    )
  }

  const unread = await notifications.one.as('ann').listNotifications({
    unreadOnly: true,
    count: true,
    limit: 1,
  })
  expect(await notifications.two.as('ann').getUnreadNotificationCount({})).toEqual({
    unreadCount: unread.count,
  })
})

test('an event that both instances receive at once leads to one mail, sent once', async () => {
  await using notifications = await openNotifications()
  const here = { ip: '127.0.0.1', userAgent: 'test', local: true }

  await Promise.all(
    times(12).map((n) =>
      notifications.any(n).announce(accounts, 'accountConfirmed', {
        userId: `user${n}`,
        email: `user${n}@example.org`,
        username: `user${n}`,
      }),
    ),
  )

  const list = () => notifications.one.as('x', { client: here }).listLocalMail({ limit: 100 })
  const { items } = await eventually(list, (seen) => seen.items.length === 12)
  expect(items.map(({ attempts }) => attempts)).toEqual(times(12).map(() => 1))
})

test('a hundred requests with one key at two gateways have one effect', async () => {
  const made: string[] = []
  const { promise: refused, resolve: refuse } = Promise.withResolvers<void>()
  const handlers: NonNullable<Parameters<typeof testGateway>[0]>['handlers'] = {
    async createThing({ name }) {
      made.push(name)
      // Others come while this one is being done.
      await refused
      return { id: '1', name }
    },
  }
  await using gateways = await openTwo((folder) =>
    testGateway({ folder, environment: { RATE_LIMIT_DEFAULT: '1000' }, handlers }),
  )

  async function ask(n: number) {
    const answer = await gateways.any(n).app.inject({
      method: 'POST',
      url: '/api/v1/things',
      headers: { 'idempotency-key': '"8e03978e-40d5-43e8-bc93-6894a57f9324"' },
      payload: { name: 'lamp' },
    })
    if (answer.statusCode === 409) refuse()
    return answer
  }
  const answers = await Promise.all(times(100).map(ask))

  expect(made).toEqual(['lamp'])
  const seen = new Set(answers.map(({ statusCode, body }) => (statusCode === 409 ? '409' : body)))
  expect([...seen].toSorted()).toEqual(['409', '{"id":"1","name":"lamp"}'])
})
