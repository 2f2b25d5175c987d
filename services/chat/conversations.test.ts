import { expect, test } from 'vitest'
import { users } from '../../contracts/users.ts'
import { eventually, nextMillisecond, testService } from '../../kit/testing.ts'
import { chatService } from './index.ts'
import { draft, toPerson, uses } from './test-people.ts'

const open = () => testService(chatService, { uses })

const untouched = {
  readSeq: 0,
  clearedSeq: 0,
  unread: 0,
  mentions: 0,
  muted: false,
  mutedUntil: null,
  archived: false,
  pinned: false,
}

test('openDirect makes one conversation for two people, whoever opens it and how often', async () => {
  await using chat = await open()

  const opened = await Promise.all(
    ['ann', 'bob', 'ann', 'bob'].map((user) =>
      chat.as(user).openDirect({ userId: user === 'ann' ? 'bob' : 'ann' }),
    ),
  )

  const [{ id, createdBy, createdAt } = { id: '', createdBy: '', createdAt: '' }] = opened
  expect(new Set(opened.map((one) => one.id))).toEqual(new Set([id]))
  expect(opened[1]).toEqual({
    id,
    type: 'single',
    name: null,
    description: null,
    avatar: null,
    createdBy,
    createdAt,
    memberCount: 2,
    pinned: [],
    person: toPerson('ann'),
    seq: 0,
    version: 1,
    activeAt: createdAt,
    lastMessage: null,
    own: { admin: false, ...untouched },
  })
  const events = await chat.events()
  expect(events.map(({ event }) => event)).toEqual(['conversationOpened', 'conversationOpened'])
  expect(events.map(({ payload }) => payload)).toEqual(
    [createdBy, createdBy === 'ann' ? 'bob' : 'ann'].map((userId) => ({
      conversationId: id,
      version: 1,
      userId,
      openedBy: createdBy,
    })),
  )
})

test('openDirect refuses oneself, nobody, and a blocked pair', async () => {
  await using chat = await open()
  await chat.announce(users, 'personBlocked', { userId: 'bob', blockedId: 'ann' })
  const ann = chat.as('ann')

  await expect(ann.openDirect({ userId: 'ann' })).rejects.toMatchObject({
    code: 'with_yourself',
    status: 400,
  })
  await expect(ann.openDirect({ userId: 'no-one' })).rejects.toMatchObject({
    code: 'user_not_found',
    status: 404,
  })
  for (const [user, other] of [
    ['ann', 'bob'],
    ['bob', 'ann'],
  ] as const) {
    await expect(chat.as(user).openDirect({ userId: other })).rejects.toMatchObject({
      code: 'blocked',
      status: 403,
    })
  }
  expect(await chat.events()).toEqual([])
})

test('createGroup makes its maker the admin and opens it to each member once', async () => {
  await using chat = await open()

  const group = await chat.as('ann').createGroup({
    name: 'Friends',
    description: 'Of old',
    avatar: '/uploads/a.png',
    participantIds: ['bob', 'ann', 'carol', 'bob'],
  })

  expect(group).toMatchObject({
    type: 'group',
    name: 'Friends',
    description: 'Of old',
    avatar: '/uploads/a.png',
    memberCount: 3,
    person: null,
    own: { admin: true },
  })
  const events = await chat.events()
  expect(events).toEqual(
    ['ann', 'bob', 'carol'].map((userId) => ({
      event: 'conversationOpened',
      payload: { conversationId: group.id, version: 1, userId, openedBy: 'ann' },
    })),
  )
  expect((await chat.as('bob').getConversation({ conversationId: group.id })).own.admin).toBe(false)
})

test('createGroup refuses people who do not exist, by name, and whom a block stands between', async () => {
  await using chat = await open()
  await chat.announce(users, 'personBlocked', { userId: 'bob', blockedId: 'ann' })
  const make = (...participantIds: string[]) =>
    chat.as('ann').createGroup({ name: 'Friends', participantIds })

  await expect(make('carol', 'no-one', 'no-body')).rejects.toMatchObject({
    code: 'user_not_found',
    errors: [
      { field: 'participantIds', message: expect.stringContaining('no-one') },
      { field: 'participantIds', message: expect.stringContaining('no-body') },
    ],
  })
  await expect(make('carol', 'bob')).rejects.toMatchObject({ code: 'blocked' })
  expect(await chat.events()).toEqual([])
})

test.each([
  [{ name: ' ' }, 'name'],
  [{ name: 'x'.repeat(101) }, 'name'],
  [{ avatar: 'javascript:alert(1)' }, 'avatar'],
  [{ participantIds: Array.from({ length: 1_000 }, (_, n) => `user-${n}`) }, 'participantIds'],
])('createGroup refuses wrong input %#', async (detail, field) => {
  await using chat = await open()

  await expect(
    chat.as('ann').createGroup({ name: 'Friends', participantIds: [], ...detail }),
  ).rejects.toMatchObject({ code: 'invalid_input', errors: [{ field }] })
})

test('listConversations shows the latest activity first, in pages', async () => {
  await using chat = await open()
  const ids: string[] = []
  for (const userId of ['bob', 'carol', 'dave']) {
    const { id } = await chat.as('ann').openDirect({ userId })
    ids.push(id)
    await chat.as('ann').sendMessage(draft(id, `To ${userId}`))
    await nextMillisecond()
  }
  const [toBob = '', toCarol = '', toDave = ''] = ids
  await chat.as('bob').sendMessage(draft(toBob, 'Back from Bob'))

  const first = await chat.as('ann').listConversations({ limit: 2, count: true })
  const second = await chat.as('ann').listConversations({ limit: 2, cursor: first.next ?? '' })
  const back = await chat.as('ann').listConversations({ limit: 2, cursor: second.previous ?? '' })

  expect(first.items.map(({ id }) => id)).toEqual([toBob, toDave])
  expect(second.items.map(({ id }) => id)).toEqual([toCarol])
  expect(back).toEqual({ ...first, count: undefined })
  expect([first.count, first.previous, second.next]).toEqual([3, null, null])
  expect(first.items[0]).toMatchObject({
    person: toPerson('bob'),
    lastMessage: { seq: 2, senderId: 'bob', preview: 'Back from Bob', deleted: false },
    own: { unread: 1 },
  })
})

test('an archived conversation comes back with a new message, unless it is muted', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  const ann = chat.as('ann')
  const listed = async (archived: boolean) =>
    (await ann.listConversations({ archived })).items.length
  await chat.as('bob').sendMessage(draft(conversationId))

  const own = await ann.archiveConversation({ conversationId, archived: true })
  expect(own.archived).toBe(true)
  expect((await chat.events()).at(-1)).toEqual({
    event: 'conversationStateChanged',
    payload: { conversationId, userId: 'ann', own },
  })
  expect([await listed(false), await listed(true)]).toEqual([0, 1])

  await ann.muteConversation({ conversationId, muted: true })
  await chat.as('bob').sendMessage(draft(conversationId))
  expect([await listed(false), await listed(true)]).toEqual([0, 1])

  await ann.muteConversation({ conversationId, muted: false })
  expect([await listed(false), await listed(true)]).toEqual([1, 0])
  expect((await chat.as('bob').listConversations({})).items).toHaveLength(1)
})

test('pinned conversations come before the others, on every page and in both directions', async () => {
  await using chat = await open()
  const ann = chat.as('ann')
  const ids: string[] = []
  for (const name of ['A', 'B', 'C', 'D', 'E']) {
    const { id } = await ann.createGroup({ name, participantIds: ['bob'] })
    ids.push(id)
    await chat.as('bob').sendMessage(draft(id))
    await nextMillisecond()
  }
  const [a = '', b = '', c = '', d = '', e = ''] = ids
  const own = await ann.pinConversation({ conversationId: a, pinned: true })
  expect(own.pinned).toBe(true)
  expect((await chat.events()).at(-1)).toEqual({
    event: 'conversationStateChanged',
    payload: { conversationId: a, userId: 'ann', own },
  })
  await ann.pinConversation({ conversationId: c, pinned: true })
  await ann.pinConversation({ conversationId: c, pinned: true })
  const order = [c, a, e, d, b]

  const pages: string[][] = []
  let cursor: string | undefined
  let back: string | null = null
  for (let page = 0; page < 3; page++) {
    const { items, next, previous } = await ann.listConversations({
      limit: 2,
      ...(cursor !== undefined && { cursor }),
    })
    pages.push(items.map(({ id }) => id))
    cursor = next ?? undefined
    back = previous
  }
  expect(pages).toEqual([order.slice(0, 2), order.slice(2, 4), order.slice(4)])
  const middle = await ann.listConversations({ limit: 2, cursor: back ?? '' })
  expect(middle.items.map(({ id }) => id)).toEqual(order.slice(2, 4))
  const first = await ann.listConversations({ limit: 2, cursor: middle.previous ?? '' })
  expect(first.items.map(({ id }) => id)).toEqual(order.slice(0, 2))
  expect((await chat.as('bob').listConversations({})).items.some(({ own }) => own.pinned)).toBe(
    false,
  )

  await ann.pinConversation({ conversationId: c, pinned: false })
  const { items } = await ann.listConversations({})
  expect(items.map(({ id }) => id)).toEqual([a, e, d, c, b])
})

test('archiving and taking off the list unpin, and pinning brings back from the archive', async () => {
  await using chat = await open()
  const ann = chat.as('ann')
  const { id: conversationId } = await ann.openDirect({ userId: 'bob' })
  await chat.as('bob').sendMessage(draft(conversationId))

  await ann.archiveConversation({ conversationId, archived: true })
  expect(await ann.pinConversation({ conversationId, pinned: true })).toMatchObject({
    archived: false,
    pinned: true,
  })
  expect(await ann.archiveConversation({ conversationId, archived: true })).toMatchObject({
    archived: true,
    pinned: false,
  })
  await ann.pinConversation({ conversationId, pinned: true })
  await ann.deleteConversation({ conversationId })
  await chat.as('bob').sendMessage(draft(conversationId))
  expect((await ann.getConversation({ conversationId })).own.pinned).toBe(false)
})

test('twenty conversations are pinned and no more; one that is pinned stays so', async () => {
  await using chat = await open()
  const ann = chat.as('ann')
  const ids: string[] = []
  for (let number = 1; number <= 21; number++) {
    const { id } = await ann.createGroup({ name: `Group ${number}`, participantIds: [] })
    ids.push(id)
  }
  const last = ids.pop() ?? ''
  for (const conversationId of ids) await ann.pinConversation({ conversationId, pinned: true })

  const tooMany = ann.pinConversation({ conversationId: last, pinned: true })
  await expect(tooMany).rejects.toMatchObject({ code: 'too_many_pinned_conversations' })
  const [again = ''] = ids
  await ann.pinConversation({ conversationId: again, pinned: true })
  await ann.pinConversation({ conversationId: again, pinned: false })
  expect(await ann.pinConversation({ conversationId: last, pinned: true })).toMatchObject({
    pinned: true,
  })
})

test('a mute ends by itself, and muted messages are counted apart', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  await chat.as('bob').sendMessage(draft(conversationId))
  const ann = chat.as('ann')
  const until = new Date(Date.now() + 3_600_000).toISOString()

  const muted = await ann.muteConversation({ conversationId, muted: true, until })
  expect(muted).toMatchObject({ muted: true, mutedUntil: until })
  expect(await ann.getUnreadCount({})).toEqual({ unread: 0, muted: 1, mentions: 0 })

  const over = await ann.muteConversation({
    conversationId,
    muted: true,
    until: '2020-01-01T00:00:00Z',
  })
  expect(over).toMatchObject({ muted: false, mutedUntil: null })
  expect(await ann.getUnreadCount({})).toEqual({ unread: 1, muted: 0, mentions: 0 })
})

test('updateConversation changes what is given and tells the members', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat
    .as('ann')
    .createGroup({ name: 'Friends', description: 'Of old', participantIds: ['bob'] })

  await chat.as('ann').updateConversation({ conversationId, name: 'Old friends' })
  const changed = await chat.as('ann').updateConversation({ conversationId, description: null })
  const events = await chat.events()
  await chat.as('ann').updateConversation({ conversationId, name: 'Old friends' })

  expect(changed).toMatchObject({ name: 'Old friends', description: null, version: 3 })
  expect(await chat.events()).toEqual(events)
  expect(events.at(-1)).toEqual({
    event: 'conversationUpdated',
    payload: {
      conversationId,
      version: 3,
      name: 'Old friends',
      description: null,
      avatar: null,
      updatedBy: 'ann',
    },
  })
})

test('clearHistory hides what was said from oneself alone', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  const { id: messageId } = await chat.as('bob').sendMessage(draft(conversationId, 'Old'))
  const ann = chat.as('ann')

  const own = await ann.clearHistory({ conversationId })

  expect(own).toMatchObject({ clearedSeq: 1, readSeq: 1, unread: 0 })
  expect((await ann.listMessages({ conversationId, count: true })).count).toBe(0)
  await expect(ann.getMessage({ messageId })).rejects.toMatchObject({ code: 'message_not_found' })
  expect((await ann.getConversation({ conversationId })).lastMessage).toBeNull()
  expect((await chat.as('bob').listMessages({ conversationId })).items).toHaveLength(1)

  await chat.as('bob').sendMessage(draft(conversationId, 'New'))
  const { items } = await ann.listMessages({ conversationId })
  expect(items.map(({ content }) => content)).toEqual(['New'])
  expect((await ann.getUnreadCount({})).unread).toBe(1)
})

test('deleting a conversation of two takes it off the own list until somebody writes', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  await chat.as('bob').sendMessage(draft(conversationId, 'Old'))
  const ann = chat.as('ann')

  await ann.deleteConversation({ conversationId })

  expect((await chat.events()).at(-1)).toEqual({
    event: 'conversationHidden',
    payload: { conversationId, userId: 'ann' },
  })
  expect((await ann.listConversations({})).items).toEqual([])
  expect((await chat.as('bob').listConversations({})).items).toHaveLength(1)

  await chat.as('bob').sendMessage(draft(conversationId, 'New'))
  const { items } = await ann.listConversations({})
  expect(items).toMatchObject([{ id: conversationId, own: { unread: 1 } }])
  expect((await ann.listMessages({ conversationId })).items).toHaveLength(1)
})

test('openDirect brings a conversation of two back that was taken off the list', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  await chat.as('ann').deleteConversation({ conversationId })

  await chat.as('ann').openDirect({ userId: 'bob' })

  expect((await chat.as('ann').listConversations({})).items).toHaveLength(1)
})

test('a deleted group is gone for everybody, and its messages are erased', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat
    .as('ann')
    .createGroup({ name: 'Friends', participantIds: ['bob'] })
  const { id: messageId } = await chat.as('bob').sendMessage(draft(conversationId, 'A secret'))
  const kept = await chat.as('ann').openDirect({ userId: 'bob' })
  await eventually(async () => (await chat.as('bob').searchMessages({ q: 'secret' })).items.length)

  await chat.as('ann').deleteConversation({ conversationId })

  const closed = (await chat.events()).filter(({ event }) => event === 'conversationClosed')
  expect(closed.map(({ payload }) => payload)).toEqual([
    { conversationId, userId: 'ann' },
    { conversationId, userId: 'bob' },
  ])
  for (const user of ['ann', 'bob']) {
    await expect(chat.as(user).getMessage({ messageId })).rejects.toMatchObject({ status: 404 })
    expect((await chat.as(user).listConversations({})).items.map(({ id }) => id)).toEqual([kept.id])
  }
  // The place at the end is free again, and what takes it is found as well.
  await chat.as('bob').sendMessage(draft(kept.id, 'Another secret'))
  const found = await eventually(
    async () => (await chat.as('bob').searchMessages({ q: 'secret' })).items,
    (items) => items.length > 0,
  )
  expect(found.map(({ message }) => message.content)).toEqual(['Another secret'])
})

test('joinConversation gives people, the last hundred messages and where live events start', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat
    .as('ann')
    .createGroup({ name: 'Friends', participantIds: ['bob', 'carol'] })
  for (let n = 1; n <= 103; n += 1) {
    await chat.as('carol').sendMessage(draft(conversationId, `Message ${n}`))
  }
  await chat.as('carol').leaveConversation({ conversationId })

  const joined = await chat.as('bob').joinConversation({ conversationId })

  expect(joined.messages.map(({ seq }) => seq)).toEqual(
    Array.from({ length: 100 }, (_, index) => index + 4),
  )
  expect(joined.users.map(({ id }) => id).sort()).toEqual(['ann', 'bob', 'carol'])
  expect(joined).toMatchObject({ seq: 103, version: 105 })
  expect(joined.conversation).toEqual(await chat.as('bob').getConversation({ conversationId }))
  expect(await chat.as('bob').leaveRoom({ conversationId })).toEqual({})
})

test('a person hears the rooms of all own conversations from the start', async () => {
  await using chat = await open()
  const one = await chat.as('ann').openDirect({ userId: 'bob' })
  const two = await chat.as('carol').createGroup({ name: 'Friends', participantIds: ['ann'] })
  await chat.as('carol').openDirect({ userId: 'bob' })

  const { rooms } = await chat.internally.listMyRooms({ userId: 'ann' })

  expect(rooms.sort()).toEqual([`conversation:${one.id}`, `conversation:${two.id}`].sort())
})
