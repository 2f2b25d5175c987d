import { afterEach, expect, test, vi } from 'vitest'
import { accounts } from '../../contracts/accounts.ts'
import { chat } from '../../contracts/chat.ts'
import { eventually, nextMillisecond, temporaryFolder, testService } from '../../kit/testing.ts'
import { notificationsService } from './index.ts'

const mention = {
  userId: 'ann',
  conversationId: 'conversation-1',
  messageId: 'message-1',
  senderId: 'bob',
  preview: 'look at this, @ann',
}

function news(detail: { userId?: string; type?: 'system' | 'security' | 'reaction' } = {}) {
  return {
    userId: 'ann',
    type: 'system' as const,
    title: 'Something happened',
    body: 'Here it is',
    data: { place: 'here', count: 3, urgent: false, until: null },
    ...detail,
  }
}

type Tested = Awaited<ReturnType<typeof open>>

function open(folder?: string, environment: Record<string, string> = {}) {
  const site = { siteName: 'Agora', registration: 'open', requireEmailConfirmation: true } as const
  return testService(notificationsService, {
    uses: {
      accounts: {
        getSite: async () => site,
        getAccount: async ({ userId }) => ({
          userId,
          username: userId,
          email: `${userId}@example.org`,
          role: 'user',
          confirmed: true,
          blocked: false,
          registeredAt: '2026-01-01T00:00:00.000Z',
        }),
      },
    },
    environment,
    ...(folder !== undefined && { folder }),
  })
}

async function list(service: Tested, userId = 'ann') {
  return (await service.as(userId).listNotifications({})).items
}

async function unread(service: Tested, userId = 'ann') {
  return (await service.as(userId).getUnreadNotificationCount({})).unreadCount
}

async function mailTo(service: Tested, to: string) {
  return (await service.as('root', { role: 'admin' }).listMail({ to })).items
}

afterEach(() => {
  vi.useRealTimers()
})

test('a mention in a chat becomes one notification, which is announced with the unread count', async () => {
  await using service = await open()

  await service.announce(chat, 'memberMentioned', mention)

  const items = await list(service)
  expect(items).toEqual([
    {
      id: expect.any(String),
      userId: 'ann',
      type: 'mention',
      title: 'You were mentioned',
      body: 'look at this, @ann',
      data: { conversationId: 'conversation-1', messageId: 'message-1', senderId: 'bob' },
      isRead: false,
      readAt: null,
      createdAt: expect.any(String),
    },
  ])
  expect(await service.events()).toEqual([
    { event: 'notificationCreated', payload: { ...items[0], unreadCount: 1 } },
  ])
})

test('another service tells a person something; nobody outside can', async () => {
  await using service = await open()

  await service.internally.notify(news())

  expect(await list(service)).toMatchObject([news()])
  await expect(service.as('eve', { role: 'admin' }).notify(news())).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('notify refuses a type that is none, a title of two lines and nested data', async () => {
  await using service = await open()

  for (const wrong of [{ type: 'gossip' }, { title: 'a\nb' }, { data: { deep: { deeper: 1 } } }]) {
    await expect(service.internally.notify({ ...news(), ...wrong } as never)).rejects.toMatchObject(
      { code: 'invalid_input' },
    )
  }
  expect(await service.events()).toEqual([])
})

test('listNotifications shows the newest first, page by page and back, and only the own', async () => {
  await using service = await open()
  for (const title of ['1', '2', '3', '4', '5']) {
    await service.internally.notify({ ...news(), title })
    await nextMillisecond()
  }
  await service.internally.notify(news({ userId: 'bob' }))
  const ann = service.as('ann')

  const first = await ann.listNotifications({ limit: 2, count: true })
  const second = await ann.listNotifications({ limit: 2, cursor: first.next ?? '' })
  const third = await ann.listNotifications({ limit: 2, cursor: second.next ?? '' })
  const back = await ann.listNotifications({ limit: 2, cursor: second.previous ?? '' })

  const titles = [first, second, third].map(({ items }) => items.map(({ title }) => title))
  expect(titles).toEqual([['5', '4'], ['3', '2'], ['1']])
  expect(first).toMatchObject({ count: 5, previous: null })
  expect(third.next).toBeNull()
  expect(back.items).toEqual(first.items)
})

test('listNotifications leaves out what is read when asked', async () => {
  await using service = await open()
  await service.internally.notify({ ...news(), title: 'read' })
  const [read] = await list(service)
  await service.internally.notify({ ...news(), title: 'unread' })
  await service.as('ann').markNotificationRead({ notificationId: read?.id ?? '' })

  const page = await service.as('ann').listNotifications({ unreadOnly: true, count: true })

  expect(page).toMatchObject({ items: [{ title: 'unread', isRead: false }], count: 1 })
})

test('listNotifications refuses a cursor of another list', async () => {
  await using service = await open()

  await expect(service.as('ann').listNotifications({ cursor: 'W10' })).rejects.toMatchObject({
    code: 'invalid_input',
    errors: [{ field: 'cursor' }],
  })
})

test('reading marks once, tells the other tabs, and may be repeated', async () => {
  await using service = await open()
  await service.internally.notify(news())
  await service.internally.notify(news())
  const [notification] = await list(service)
  const notificationId = notification?.id ?? ''

  const read = await service.as('ann').markNotificationRead({ notificationId })
  const again = await service.as('ann').markNotificationRead({ notificationId })

  expect(read).toEqual({ ...notification, isRead: true, readAt: expect.any(String) })
  expect(again).toEqual(read)
  expect(await unread(service)).toBe(1)
  expect((await service.events()).slice(2)).toEqual([
    {
      event: 'notificationRead',
      payload: { userId: 'ann', notificationId, readAt: read.readAt, unreadCount: 1 },
    },
  ])
})

test('two tabs that read the same notification at once count it once', async () => {
  await using service = await open()
  await service.internally.notify(news())
  await service.internally.notify(news())
  const notificationId = (await list(service))[0]?.id ?? ''

  await Promise.all(
    Array.from({ length: 8 }, () => service.as('ann').markNotificationRead({ notificationId })),
  )

  expect(await unread(service)).toBe(1)
})

test('reading all marks all, tells the other tabs once, and says how many there were', async () => {
  await using service = await open()
  await service.internally.notify(news())
  await service.internally.notify(news())
  await service.internally.notify(news({ userId: 'bob' }))

  expect(await service.as('ann').markAllNotificationsRead({})).toEqual({ marked: 2 })
  expect(await service.as('ann').markAllNotificationsRead({})).toEqual({ marked: 0 })

  expect((await list(service)).map(({ isRead }) => isRead)).toEqual([true, true])
  expect([await unread(service), await unread(service, 'bob')]).toEqual([0, 1])
  expect((await service.events()).slice(3)).toEqual([
    {
      event: 'notificationRead',
      payload: {
        userId: 'ann',
        notificationId: null,
        readAt: expect.any(String),
        unreadCount: 0,
      },
    },
  ])
})

test('deleting takes a notification away, and off the count if it was unread', async () => {
  await using service = await open()
  await service.internally.notify(news())
  await service.internally.notify(news())
  const [newer, older] = (await list(service)).map(({ id }) => id)
  await service.as('ann').markNotificationRead({ notificationId: older ?? '' })

  await service.as('ann').deleteNotification({ notificationId: older ?? '' })
  expect(await unread(service)).toBe(1)
  await service.as('ann').deleteNotification({ notificationId: newer ?? '' })
  expect(await unread(service)).toBe(0)

  expect(await list(service)).toEqual([])
  expect((await service.events()).slice(3)).toEqual([
    {
      event: 'notificationDeleted',
      payload: { userId: 'ann', notificationId: older, unreadCount: 1 },
    },
    {
      event: 'notificationDeleted',
      payload: { userId: 'ann', notificationId: newer, unreadCount: 0 },
    },
  ])
})

test("somebody else's notification does not exist for anyone else", async () => {
  await using service = await open()
  await service.internally.notify(news())
  const notificationId = (await list(service))[0]?.id ?? ''
  const mallory = service.as('mallory')
  const missing = { code: 'notification_not_found', status: 404 }

  await expect(mallory.markNotificationRead({ notificationId })).rejects.toMatchObject(missing)
  await expect(mallory.deleteNotification({ notificationId })).rejects.toMatchObject(missing)

  expect(await list(service, 'mallory')).toEqual([])
  expect(await list(service)).toMatchObject([{ isRead: false }])
  expect(await service.events()).toHaveLength(1)
})

test('a notification that is gone cannot be read or deleted', async () => {
  await using service = await open()
  const missing = { code: 'notification_not_found', status: 404 }
  const gone = { notificationId: 'gone' }

  await expect(service.as('ann').markNotificationRead(gone)).rejects.toMatchObject(missing)
  await expect(service.as('ann').deleteNotification(gone)).rejects.toMatchObject(missing)
})

test('many things that happen at once are all counted', async () => {
  await using service = await open()

  await Promise.all(Array.from({ length: 30 }, () => service.internally.notify(news())))

  expect(await unread(service)).toBe(30)
  const counts = (await service.events()).map(
    ({ payload }) => (payload as { unreadCount: number }).unreadCount,
  )
  expect(counts).toEqual(Array.from({ length: 30 }, (_, n) => n + 1))
})

test('a visitor has no notifications; an unconfirmed person may look and change nothing', async () => {
  await using service = await open()
  const unconfirmed = service.as('ann', { confirmed: false })

  await expect(service.anonymous.listNotifications({})).rejects.toMatchObject({
    code: 'unauthenticated',
  })
  expect(await unconfirmed.getUnreadNotificationCount({})).toEqual({ unreadCount: 0 })
  await expect(unconfirmed.markAllNotificationsRead({})).rejects.toMatchObject({
    code: 'email_unconfirmed',
  })
})

test('without a choice everything is shown in the centre and nothing is mailed', async () => {
  await using service = await open()

  const preferences = await service.as('ann').getNotificationPreferences({})

  const centreOnly = { inApp: true, email: false }
  expect(preferences).toEqual({
    message: centreOnly,
    call: centreOnly,
    mention: centreOnly,
    reaction: centreOnly,
    status: centreOnly,
    system: centreOnly,
  })
})

test('a choice holds for its type and its person, and leaves other types as they were', async () => {
  await using service = await open()
  const ann = service.as('ann')
  await ann.updateNotificationPreferences({ reaction: { inApp: false, email: false } })

  const preferences = await ann.updateNotificationPreferences({
    mention: { inApp: true, email: true },
  })

  expect(preferences).toMatchObject({
    mention: { inApp: true, email: true },
    reaction: { inApp: false, email: false },
    system: { inApp: true, email: false },
  })
  expect(await ann.getNotificationPreferences({})).toEqual(preferences)
  expect(await service.as('bob').getNotificationPreferences({})).toMatchObject({
    mention: { inApp: true, email: false },
  })
})

test('what a person does not want in the centre is neither kept nor announced', async () => {
  await using service = await open()
  await service.as('ann').updateNotificationPreferences({ system: { inApp: false, email: false } })

  await service.internally.notify(news())
  await service.internally.notify(news({ type: 'reaction' }))

  expect(await list(service)).toMatchObject([{ type: 'reaction' }])
  expect(await service.events()).toHaveLength(1)
  expect(await mailTo(service, 'ann@example.org')).toEqual([])
})

test('what a person wants by mail is mailed to the address of the account, once per event', async () => {
  await using service = await open()
  await service.as('ann').updateNotificationPreferences({ mention: { inApp: false, email: true } })

  await service.announce(chat, 'memberMentioned', mention)

  const mails = await eventually(
    () => mailTo(service, 'ann@example.org'),
    ({ length }) => length > 0,
  )
  expect(mails).toMatchObject([
    { template: 'notification', subject: 'You were mentioned – Agora', state: 'sent' },
  ])
  expect(await list(service)).toEqual([])
})

test('security notices always come by both ways, and no setting changes that', async () => {
  await using service = await open()

  await expect(
    service.as('ann').updateNotificationPreferences({
      security: { inApp: false, email: false },
    } as never),
  ).rejects.toMatchObject({ code: 'invalid_input', errors: [{ field: 'security' }] })
  await service.internally.notify(news({ type: 'security' }))

  expect(await list(service)).toMatchObject([{ type: 'security' }])
  await eventually(
    () => mailTo(service, 'ann@example.org'),
    ([mail]) => mail?.state === 'sent',
  )
})

test('signing up alone brings no notification', async () => {
  await using service = await open()

  await service.announce(accounts, 'accountRegistered', {
    userId: 'ann',
    username: 'ann',
    displayName: 'Ann',
    email: 'ann@example.org',
    role: 'user',
    locale: 'es',
    profile: {},
    registeredAt: '2026-01-01T00:00:00.000Z',
  })

  expect(await list(service)).toEqual([])
  expect(await unread(service)).toBe(0)
})

test('notifications go after NOTIFICATION_DAYS and off the count, and others stay', async () => {
  using folder = temporaryFolder()
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) })
  {
    await using service = await open(folder.path)
    await service.internally.notify({ ...news(), title: 'old and read' })
    await service.as('ann').markAllNotificationsRead({})
    await service.internally.notify({ ...news(), title: 'old' })
    vi.setSystemTime(Date.UTC(2026, 0, 8))
    await service.internally.notify({ ...news(), title: 'young' })
    expect(await unread(service)).toBe(2)
  }
  vi.setSystemTime(Date.UTC(2026, 0, 10))

  await using service = await open(folder.path, { NOTIFICATION_DAYS: '5' })

  await vi.waitFor(async () => {
    expect(await list(service)).toMatchObject([{ title: 'young' }])
    expect(await unread(service)).toBe(1)
  })
})
