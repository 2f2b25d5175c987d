import { expect, test } from 'vitest'
import { users } from '../../contracts/users.ts'
import { eventually, testService } from '../../kit/testing.ts'
import { chatService } from './index.ts'
import { draft, uses } from './test-people.ts'

type Tested = Awaited<ReturnType<typeof open>>

const open = () => testService(chatService, { uses })

async function eventsNamed(chat: Tested, ...names: string[]) {
  return (await chat.events()).filter(({ event }) => names.includes(event))
}

test('sendMessage stores a message, answers with its place and announces it', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  const first = await chat.as('bob').sendMessage(draft(conversationId, 'Before'))

  const said = { ...draft(conversationId, 'Hello'), replyTo: first.id }
  const sent = await chat.as('ann').sendMessage(said)

  expect(sent).toEqual({
    id: sent.id,
    uuid: said.uuid,
    conversationId,
    seq: 2,
    version: 3,
    createdAt: sent.createdAt,
  })
  const message = {
    ...sent,
    senderId: 'ann',
    content: 'Hello',
    replyTo: first.id,
    reactions: [],
    editedAt: null,
    deletedAt: null,
  }
  expect(await chat.as('bob').getMessage({ messageId: sent.id })).toEqual(message)
  const announced = await eventsNamed(chat, 'messageReady')
  expect(announced[1]).toEqual({ event: 'messageReady', payload: message })
  expect(await chat.events()).toHaveLength(4)
})

test('a message sent many times at once is stored once, and each gets the first answer', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  const said = draft(conversationId)

  const answers = await Promise.all(
    Array.from({ length: 30 }, () => chat.as('ann').sendMessage(said)),
  )
  const later = await chat.as('ann').sendMessage({ ...said, content: 'Something else' })
  const next = await chat.as('ann').sendMessage(draft(conversationId))

  expect(new Set([...answers, later].map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(await eventsNamed(chat, 'messageReady')).toHaveLength(2)
  expect(next).toMatchObject({ seq: 2, version: 3 })
  const { items } = await chat.as('bob').listMessages({ conversationId })
  expect(items.map(({ content }) => content)).toEqual(['Hello', 'Hello'])
})

test('a repetition does not move the conversation up the list', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  const said = draft(conversationId)
  await chat.as('ann').sendMessage(said)
  const before = await chat.as('bob').getConversation({ conversationId })

  await chat.as('ann').sendMessage(said)

  expect(await chat.as('bob').getConversation({ conversationId })).toEqual(before)
})

test('two people may use the same uuid, one person not in two conversations', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  const other = await chat.as('ann').openDirect({ userId: 'carol' })
  const said = draft(conversationId)
  const sent = await chat.as('ann').sendMessage(said)

  const echoed = await chat.as('bob').sendMessage(said)

  expect(echoed.id).not.toBe(sent.id)
  await expect(
    chat.as('ann').sendMessage({ ...said, conversationId: other.id }),
  ).rejects.toMatchObject({ code: 'uuid_used', status: 409 })
  expect((await chat.as('carol').getConversation({ conversationId: other.id })).seq).toBe(0)
})

test.each([
  ['nothing', ''],
  ['white space only', ' \n\t\u00a0'],
  ['a NUL', 'a\0b'],
  ['half a character', 'a\ud83d'],
  ['too much', 'x'.repeat(10_001)],
])('sendMessage refuses %s', async (_, content) => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })

  await expect(chat.as('ann').sendMessage(draft(conversationId, content))).rejects.toMatchObject({
    code: 'invalid_input',
    errors: [{ field: 'content' }],
  })
  expect(await eventsNamed(chat, 'messageReady')).toEqual([])
})

test('sendMessage takes 10,000 characters of any script as they are', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  const content = `${'语'.repeat(9_990)} 👩‍👩‍👧 \n`

  const { id: messageId } = await chat.as('ann').sendMessage(draft(conversationId, content))

  expect((await chat.as('bob').getMessage({ messageId })).content).toBe(content)
})

test('nobody can say who sends: a sender in the input is refused', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })

  await expect(
    chat.as('ann').sendMessage({ ...draft(conversationId), senderId: 'bob' } as never),
  ).rejects.toMatchObject({ code: 'invalid_input', errors: [{ field: 'senderId' }] })
})

test('a reply must be to an earlier message of the same conversation, and a refusal leaves no gap', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  const other = await chat.as('ann').openDirect({ userId: 'carol' })
  const elsewhere = await chat.as('ann').sendMessage(draft(other.id))

  for (const replyTo of [elsewhere.id, `${conversationId}-1`, `${conversationId}-0`, 'nonsense']) {
    await expect(
      chat.as('ann').sendMessage({ ...draft(conversationId), replyTo }),
    ).rejects.toMatchObject({ code: 'reply_target_not_found', status: 404 })
  }

  const sent = await chat.as('ann').sendMessage(draft(conversationId))
  expect(sent).toMatchObject({ seq: 1, version: 2 })
})

test('who is blocked, or has blocked, cannot write to the other until that ends', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  const { id: messageId } = await chat.as('ann').sendMessage(draft(conversationId))
  const group = await chat.as('ann').createGroup({ name: 'All', participantIds: ['bob'] })
  await chat.announce(users, 'personBlocked', { userId: 'bob', blockedId: 'ann' })
  await chat.announce(users, 'personBlocked', { userId: 'ann', blockedId: 'bob' })
  await chat.announce(users, 'personUnblocked', { userId: 'ann', blockedId: 'bob' })

  const blocked = { code: 'blocked', status: 403 }
  await expect(chat.as('ann').sendMessage(draft(conversationId))).rejects.toMatchObject(blocked)
  await expect(chat.as('bob').sendMessage(draft(conversationId))).rejects.toMatchObject(blocked)
  await expect(chat.as('ann').editMessage({ messageId, content: 'Look' })).rejects.toMatchObject(
    blocked,
  )
  await expect(chat.as('ann').addReaction({ messageId, emoji: '👋' })).rejects.toMatchObject(
    blocked,
  )
  await chat.as('ann').startTyping({ conversationId })
  expect(chat.signals()).toEqual([])
  await chat.as('ann').sendMessage(draft(group.id))

  await chat.announce(users, 'personUnblocked', { userId: 'bob', blockedId: 'ann' })
  expect(await chat.as('ann').sendMessage(draft(conversationId))).toMatchObject({ seq: 2 })
})

test('an outsider learns no more of a blocked pair than of nothing', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  await chat.announce(users, 'personBlocked', { userId: 'bob', blockedId: 'ann' })

  for (const id of [conversationId, 'nowhere']) {
    await expect(chat.as('mallory').sendMessage(draft(id))).rejects.toMatchObject({
      code: 'conversation_not_found',
    })
  }
})

test('members are told that they are mentioned, and only they', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat
    .as('ann')
    .createGroup({ name: 'All', participantIds: ['bob', 'carol', 'dave'] })
  await chat.announce(users, 'personBlocked', { userId: 'dave', blockedId: 'ann' })
  const content = '@[Bob](bob), @[Bob](bob)! @[Ann](ann) @[Dave](dave) @[Eve](eve) @[x](  ) @bob'

  const { id: messageId } = await chat.as('ann').sendMessage(draft(conversationId, content))

  expect(await eventsNamed(chat, 'memberMentioned')).toEqual([
    {
      event: 'memberMentioned',
      payload: {
        userId: 'bob',
        conversationId,
        messageId,
        senderId: 'ann',
        preview: '@Bob, @Bob! @Ann @Dave @Eve @[x](  ) @bob',
      },
    },
  ])
  expect((await chat.as('bob').getUnreadCount({})).mentions).toBe(1)
  expect((await chat.as('dave').getUnreadCount({})).mentions).toBe(0)
})

test('an edit tells those who are newly mentioned, and forgets the others', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat
    .as('ann')
    .createGroup({ name: 'All', participantIds: ['bob', 'carol', 'dave'] })
  const { id: messageId } = await chat
    .as('ann')
    .sendMessage(draft(conversationId, '@[Bob](bob) @[Carol](carol)'))

  await chat.as('ann').editMessage({ messageId, content: '@[Carol](carol) @[Dave](dave)' })

  const told = await eventsNamed(chat, 'memberMentioned')
  expect(told.map(({ payload }) => (payload as { userId: string }).userId)).toEqual([
    'bob',
    'carol',
    'dave',
  ])
  const mentions = async (user: string) => (await chat.as(user).getUnreadCount({})).mentions
  expect([await mentions('bob'), await mentions('carol'), await mentions('dave')]).toEqual([
    0, 1, 1,
  ])
})

test('a message at the entrance is stored once, however often it comes', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  const said = { ...draft(conversationId, 'From a bridge'), senderId: 'bob' }

  await chat.produce('raw-message', said)
  await chat.produce('raw-message', said)

  const { items } = await chat.as('ann').listMessages({ conversationId })
  expect(items).toMatchObject([{ seq: 1, senderId: 'bob', content: 'From a bridge' }])
  expect(await eventsNamed(chat, 'messageReady')).toHaveLength(1)
})

test('a message at the entrance from somebody outside is dead and changes nothing', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })

  await chat.produce('raw-message', { ...draft(conversationId), senderId: 'mallory' })

  const [parked] = await chat.parked.listParked(10, undefined)
  expect(parked?.state).toBe('dead')
  expect(await chat.as('ann').getConversation({ conversationId })).toMatchObject({
    seq: 0,
    version: 1,
  })
})

test('places and versions have no gap under many different changes at once', async () => {
  await using chat = await open()
  const names = Array.from({ length: 8 }, (_, index) => `user-${index}`)
  const { id: conversationId } = await chat
    .as('ann')
    .createGroup({ name: 'All', participantIds: names })
  const first = await chat.as('ann').sendMessage(draft(conversationId))
  const repeated = draft(conversationId)

  const changes = Array.from({ length: 200 }, (_, index) => {
    const user = chat.as(names[index % names.length] ?? '')
    const messageId = first.id
    const emoji = ['👍', '🎉', '❤️'][index % 3] ?? ''
    const kinds = [
      () => user.sendMessage(draft(conversationId, `Message ${index}`)),
      () => user.sendMessage(repeated),
      () => user.addReaction({ messageId, emoji }),
      () => user.removeReaction({ messageId, emoji }),
      () => user.markRead({ conversationId, seq: 1 + (index % 30) }),
      () => chat.as('ann').editMessage({ messageId, content: `Edit ${index}` }),
      () => chat.as('ann').updateConversation({ conversationId, name: `Name ${index}` }),
      () => chat.as('ann').pinMessage({ conversationId, messageId }),
      () => chat.as('ann').unpinMessage({ conversationId, messageId }),
      () => chat.as('ann').addParticipants({ conversationId, userIds: [`late-${index % 5}`] }),
    ]
    return (kinds[index % kinds.length] ?? user.sendMessage)(undefined as never)
  })
  await Promise.all(changes)

  const { seq, version } = await chat.as('ann').getConversation({ conversationId })
  const events = (await chat.events()).filter(({ event }) => event !== 'conversationOpened')
  const versions = events.flatMap(({ payload }) => (payload as { version?: number }).version ?? [])
  expect(versions).toEqual(Array.from({ length: version - 1 }, (_, index) => index + 2))
  const seqs = (await eventsNamed(chat, 'messageReady')).map(
    ({ payload }) => (payload as { seq: number }).seq,
  )
  expect(seqs).toEqual(Array.from({ length: seq }, (_, index) => index + 1))
  await eventually(async () => (await chat.as('ann').searchMessages({ q: 'Message' })).items.length)
})
