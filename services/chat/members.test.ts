import { expect, test } from 'vitest'
import { users } from '../../contracts/users.ts'
import { testService } from '../../kit/testing.ts'
import { chatService } from './index.ts'
import { draft, toPerson, uses } from './test-people.ts'

const open = () => testService(chatService, { uses })

type Tested = Awaited<ReturnType<typeof open>>

async function openGroup(chat: Tested, ...participantIds: string[]) {
  const { id } = await chat.as('ann').createGroup({ name: 'All', participantIds })
  return id
}

async function listAdmins(chat: Tested, conversationId: string, as: string) {
  const { items } = await chat.as(as).listParticipants({ conversationId })
  return items.filter(({ admin }) => admin).map(({ userId }) => userId)
}

test('addParticipants tells the group once and opens it to each', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  await chat.as('ann').sendMessage(draft(conversationId))
  const before = (await chat.events()).length

  const group = await chat
    .as('ann')
    .addParticipants({ conversationId, userIds: ['carol', 'bob', 'dave', 'carol'] })

  expect(group).toMatchObject({ memberCount: 4, version: 3 })
  const events = (await chat.events()).slice(before)
  expect(events).toEqual([
    {
      event: 'participantsAdded',
      payload: {
        conversationId,
        version: 3,
        userIds: ['carol', 'dave'],
        addedBy: 'ann',
        joinedAt: expect.any(String),
      },
    },
    ...['carol', 'dave'].map((userId) => ({
      event: 'conversationOpened',
      payload: { conversationId, version: 3, userId, openedBy: 'ann' },
    })),
  ])
  const { own } = await chat.as('carol').getConversation({ conversationId })
  expect(own.unread).toBe(0)
})

test('adding who is there already changes nothing', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  const before = await chat.events()

  await chat.as('ann').addParticipants({ conversationId, userIds: ['bob', 'ann'] })

  expect(await chat.events()).toEqual(before)
})

test('addParticipants refuses nobody, a blocked person and more than a thousand members', async () => {
  await using chat = await open()
  const many = Array.from({ length: 998 }, (_, n) => `user-${n}`)
  const conversationId = await openGroup(chat, ...many)
  await chat.announce(users, 'personBlocked', { userId: 'bob', blockedId: 'ann' })
  const before = (await chat.events()).length
  const add = (...userIds: string[]) => chat.as('ann').addParticipants({ conversationId, userIds })

  await expect(add('no-one')).rejects.toMatchObject({
    code: 'user_not_found',
    errors: [{ field: 'userIds' }],
  })
  await expect(add('bob')).rejects.toMatchObject({ code: 'blocked' })
  await expect(add('carol', 'dave')).rejects.toMatchObject({ code: 'group_full', status: 403 })
  expect(await chat.events()).toHaveLength(before)
  expect(await add('carol')).toMatchObject({ memberCount: 1_000 })
})

test('listParticipants goes through the members, the longest there first', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob', 'carol')
  await chat.as('ann').addParticipants({ conversationId, userIds: ['aaron'] })
  const list = (cursor?: string) =>
    chat
      .as('bob')
      .listParticipants({ conversationId, limit: 2, count: true, ...(cursor && { cursor }) })

  const first = await list()
  const second = await list(first.next ?? '')
  const back = await list(second.previous ?? '')

  const ids = [...first.items, ...second.items].map(({ userId }) => userId)
  expect(ids).toEqual(['ann', 'bob', 'carol', 'aaron'])
  expect(back.items).toEqual(first.items)
  expect(first.count).toBe(4)
  expect(first.items[0]).toMatchObject({ admin: true, readSeq: 0, person: toPerson('ann') })
})

test('who is removed is out at once, and the group is told', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob', 'carol')

  await chat.as('ann').removeParticipant({ conversationId, userId: 'bob' })

  expect((await chat.events()).slice(-2)).toEqual([
    {
      event: 'participantRemoved',
      payload: { conversationId, version: 2, userId: 'bob', removedBy: 'ann' },
    },
    { event: 'conversationClosed', payload: { conversationId, userId: 'bob' } },
  ])
  await expect(chat.as('bob').sendMessage(draft(conversationId))).rejects.toMatchObject({
    code: 'conversation_not_found',
  })
  await expect(
    chat.as('ann').removeParticipant({ conversationId, userId: 'bob' }),
  ).rejects.toMatchObject({ code: 'participant_not_found', status: 404 })
  expect((await chat.as('ann').getConversation({ conversationId })).memberCount).toBe(2)
})

test('who comes back to a group begins with nothing unread, and counts from there', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  await chat.as('bob').sendMessage(draft(conversationId))
  await chat.as('bob').leaveConversation({ conversationId })
  await chat.as('ann').sendMessage(draft(conversationId))
  await chat.as('ann').addParticipants({ conversationId, userIds: ['bob'] })

  await chat.as('bob').sendMessage(draft(conversationId))
  await chat.as('ann').sendMessage(draft(conversationId))

  expect((await chat.as('bob').getUnreadCount({})).unread).toBe(1)
})

test('admins make admins, and the last one cannot step down', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  const change = (as: string, userId: string, admin: boolean) =>
    chat.as(as).changeParticipant({ conversationId, userId, admin })

  await expect(change('ann', 'ann', false)).rejects.toMatchObject({
    code: 'last_admin',
    status: 409,
  })
  await expect(change('ann', 'carol', true)).rejects.toMatchObject({
    code: 'participant_not_found',
  })
  await change('ann', 'bob', true)
  const events = await chat.events()
  await change('ann', 'bob', true)
  expect(await chat.events()).toEqual(events)
  expect(events.at(-1)).toEqual({
    event: 'participantChanged',
    payload: { conversationId, version: 2, userId: 'bob', admin: true },
  })
  await change('bob', 'ann', false)
  expect(await listAdmins(chat, conversationId, 'ann')).toEqual(['bob'])
})

test('two admins who depose each other at once leave one', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  await chat.as('ann').changeParticipant({ conversationId, userId: 'bob', admin: true })

  await Promise.allSettled([
    chat.as('ann').changeParticipant({ conversationId, userId: 'bob', admin: false }),
    chat.as('bob').changeParticipant({ conversationId, userId: 'ann', admin: false }),
  ])

  expect(await listAdmins(chat, conversationId, 'ann')).toHaveLength(1)
})

test('when the last admin leaves, the longest member becomes admin', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'dave')
  await chat.as('ann').addParticipants({ conversationId, userIds: ['bob'] })

  await chat.as('ann').leaveConversation({ conversationId })

  expect((await chat.events()).slice(-3)).toEqual([
    {
      event: 'participantRemoved',
      payload: { conversationId, version: 3, userId: 'ann', removedBy: 'ann' },
    },
    { event: 'conversationClosed', payload: { conversationId, userId: 'ann' } },
    {
      event: 'participantChanged',
      payload: { conversationId, version: 4, userId: 'dave', admin: true },
    },
  ])
  expect(await listAdmins(chat, conversationId, 'bob')).toEqual(['dave'])
})

test('nobody rises when another admin stays', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob', 'carol')
  await chat.as('ann').changeParticipant({ conversationId, userId: 'carol', admin: true })

  await chat.as('ann').leaveConversation({ conversationId })

  expect(await listAdmins(chat, conversationId, 'bob')).toEqual(['carol'])
})

test('a group that everybody leaves is gone', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  await chat.as('ann').sendMessage(draft(conversationId))

  await chat.as('ann').leaveConversation({ conversationId })
  await chat.as('bob').leaveConversation({ conversationId })

  await expect(chat.as('bob').getConversation({ conversationId })).rejects.toMatchObject({
    code: 'conversation_not_found',
  })
  expect((await chat.events()).at(-1)).toEqual({
    event: 'conversationClosed',
    payload: { conversationId, userId: 'bob' },
  })
})
