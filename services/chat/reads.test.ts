import { expect, test } from 'vitest'
import { testService } from '../../kit/testing.ts'
import { chatService } from './index.ts'
import { draft, uses } from './test-people.ts'

const open = () => testService(chatService, { uses })

type Tested = Awaited<ReturnType<typeof open>>

async function openGroup(chat: Tested, ...participantIds: string[]) {
  const { id } = await chat.as('ann').createGroup({ name: 'All', participantIds })
  return id
}

async function say(chat: Tested, conversationId: string, ...senders: string[]) {
  for (const sender of senders) await chat.as(sender).sendMessage(draft(conversationId))
}

async function getUnread(chat: Tested, conversationId: string, user: string) {
  const { own } = await chat.as(user).getConversation({ conversationId })
  const { unread } = await chat.as(user).getUnreadCount({})
  expect(unread).toBe(own.unread)
  return unread
}

test("unread are others' messages after the last one read, and nothing else", async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob', 'carol')
  await say(chat, conversationId, 'ann', 'bob', 'ann', 'carol', 'bob', 'ann')

  expect(await getUnread(chat, conversationId, 'ann')).toBe(3)
  expect(await getUnread(chat, conversationId, 'bob')).toBe(4)
  expect(await getUnread(chat, conversationId, 'carol')).toBe(5)

  await chat.as('bob').markRead({ conversationId, seq: 3 })
  expect(await getUnread(chat, conversationId, 'bob')).toBe(2)
  await chat.as('bob').markRead({ conversationId, seq: 5 })
  expect(await getUnread(chat, conversationId, 'bob')).toBe(1)
  await say(chat, conversationId, 'bob', 'carol')
  expect(await getUnread(chat, conversationId, 'bob')).toBe(2)
  await chat.as('bob').markRead({ conversationId, seq: 8 })
  expect(await getUnread(chat, conversationId, 'bob')).toBe(0)
})

test('a deleted message is not unread any more, whoever sent it', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  await say(chat, conversationId, 'ann', 'bob', 'ann', 'bob')
  const { items } = await chat.as('ann').listMessages({ conversationId })
  for (const { id: messageId, senderId } of items.slice(0, 2)) {
    await chat.as(senderId).deleteMessage({ messageId })
  }

  expect(await getUnread(chat, conversationId, 'ann')).toBe(1)
  expect(await getUnread(chat, conversationId, 'bob')).toBe(1)
})

test('in a group of more than a hundred, how far one has read is told to who asks', async () => {
  const everybody = Array.from({ length: 100 }, (_, index) => `person-${index}`)
  await using chat = await open()
  const conversationId = await openGroup(chat, ...everybody)
  await say(chat, conversationId, 'ann', 'ann')
  const before = (await chat.events()).length

  await chat.as('person-7').markRead({ conversationId, seq: 2 })

  const events = (await chat.events()).slice(before)
  expect(events.map(({ event }) => event)).toEqual(['conversationStateChanged'])
  const { items } = await chat.as('ann').listParticipants({ conversationId, limit: 100 })
  expect(items.filter(({ readSeq }) => readSeq > 0)).toMatchObject([
    { userId: 'person-7', readSeq: 2 },
  ])
  expect(await getUnread(chat, conversationId, 'person-7')).toBe(0)
})

test('markRead tells the others how far, and the own tabs what is left', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  await say(chat, conversationId, 'ann', 'ann', 'ann')
  const before = (await chat.events()).length

  const own = await chat.as('bob').markRead({ conversationId, seq: 2 })

  expect(own).toMatchObject({ readSeq: 2, unread: 1 })
  const messageId = (await chat.as('bob').listMessages({ conversationId })).items[1]?.id
  expect((await chat.events()).slice(before)).toEqual([
    {
      event: 'messagesRead',
      payload: { conversationId, version: 5, userId: 'bob', seq: 2, messageId },
    },
    {
      event: 'conversationStateChanged',
      payload: { conversationId, userId: 'bob', own },
    },
  ])
  const { items } = await chat.as('ann').listParticipants({ conversationId })
  expect(items.find(({ userId }) => userId === 'bob')?.readSeq).toBe(2)
})

test('receipts only move forward, and not beyond the last message', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  await say(chat, conversationId, 'ann', 'ann')
  await chat.as('bob').markRead({ conversationId, seq: 2 })
  const before = await chat.events()

  expect(await chat.as('bob').markRead({ conversationId, seq: 1 })).toMatchObject({ readSeq: 2 })
  expect(await chat.as('bob').markRead({ conversationId, seq: 99 })).toMatchObject({ readSeq: 2 })

  expect(await chat.events()).toEqual(before)
  await say(chat, conversationId, 'ann')
  expect(await getUnread(chat, conversationId, 'bob')).toBe(1)
})

test('many reads at once end at the furthest', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  await say(chat, conversationId, ...Array.from({ length: 20 }, (_, n) => (n % 3 ? 'ann' : 'bob')))

  await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      chat.as('bob').markRead({ conversationId, seq: ((n * 7) % 19) + 1 }),
    ),
  )

  expect(await getUnread(chat, conversationId, 'bob')).toBe(1)
  const read = (await chat.events()).filter(({ event }) => event === 'messagesRead')
  const seqs = read.map(({ payload }) => (payload as { seq: number }).seq)
  expect(seqs).toEqual(seqs.toSorted((one, other) => one - other))
})

test('a person without read receipts reads for oneself alone', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'shy-bob')
  await say(chat, conversationId, 'ann', 'ann')
  const { version } = await chat.as('ann').getConversation({ conversationId })

  await chat.as('shy-bob').markRead({ conversationId, seq: 2 })

  expect(await getUnread(chat, conversationId, 'shy-bob')).toBe(0)
  expect((await chat.events()).filter(({ event }) => event === 'messagesRead')).toEqual([])
  expect((await chat.as('ann').getConversation({ conversationId })).version).toBe(version)
  const { items } = await chat.as('ann').listParticipants({ conversationId })
  expect(items.map(({ readSeq }) => readSeq)).toEqual([0, 0])
  const { conversations } = await chat
    .as('ann')
    .catchUp({ conversations: [{ conversationId, seq: 0 }] })
  expect(conversations[0]?.receipts).toEqual([])
})

test('markAllRead reads everything there is', async () => {
  await using chat = await open()
  const ids = [
    await openGroup(chat, 'bob'),
    await openGroup(chat, 'bob'),
    await openGroup(chat, 'bob'),
  ]
  const [first = '', second = ''] = ids
  await say(chat, first, 'ann', 'ann', 'bob')
  await say(chat, second, 'ann')
  await chat.as('ann').sendMessage(draft(second, '@[Bob](bob)'))
  expect(await chat.as('bob').getUnreadCount({})).toEqual({ unread: 4, muted: 0, mentions: 1 })

  await chat.as('bob').markAllRead({})
  await chat.as('bob').markAllRead({})

  expect(await chat.as('bob').getUnreadCount({})).toEqual({ unread: 0, muted: 0, mentions: 0 })
  const read = (await chat.events()).filter(({ event }) => event === 'messagesRead')
  expect(read.map(({ payload }) => payload)).toMatchObject([
    { conversationId: expect.any(String), userId: 'bob' },
    { conversationId: expect.any(String), userId: 'bob' },
  ])
})

test('a mention is unread until its message is read or gone', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  const mention = () => chat.as('ann').sendMessage(draft(conversationId, 'Hi @[Bob](bob)'))
  await mention()
  const { id: messageId } = await mention()
  await mention()
  const mentions = async () =>
    (await chat.as('bob').getConversation({ conversationId })).own.mentions

  expect(await mentions()).toBe(3)
  await chat.as('ann').deleteMessage({ messageId })
  expect(await mentions()).toBe(2)
  await chat.as('bob').markRead({ conversationId, seq: 1 })
  expect(await mentions()).toBe(1)
  await chat.as('bob').clearHistory({ conversationId })
  expect(await mentions()).toBe(0)
})
