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

async function sendMany(chat: Tested, conversationId: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 1; n <= count; n += 1) {
    ids.push((await chat.as('ann').sendMessage(draft(conversationId, `Message ${n}`))).id)
  }
  return ids
}

async function lastEvent(chat: Tested) {
  return (await chat.events()).at(-1)
}

test('listMessages goes back from the newest, and forward again', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat)
  await sendMany(chat, conversationId, 7)
  const list = (detail: object) =>
    chat.as('ann').listMessages({ conversationId, limit: 3, ...detail })
  const seqs = ({ items }: Awaited<ReturnType<typeof list>>) => items.map(({ seq }) => seq)

  const newest = await list({ count: true })
  const older = await list({ cursor: newest.next })
  const oldest = await list({ cursor: older.next })
  const back = await list({ cursor: oldest.previous })

  expect(newest.count).toBe(7)
  expect([newest, older, oldest, back].map(seqs)).toEqual([[7, 6, 5], [4, 3, 2], [1], [4, 3, 2]])
  expect([newest.previous, oldest.next]).toEqual([null, null])
})

test('listMessages begins around a message', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat)
  await sendMany(chat, conversationId, 9)
  const list = (around: number) => chat.as('ann').listMessages({ conversationId, limit: 3, around })

  const middle = await list(5)
  const end = await list(9)
  const beyond = await list(1_000)

  expect(middle.items.map(({ seq }) => seq)).toEqual([6, 5, 4])
  const newer = await chat
    .as('ann')
    .listMessages({ conversationId, limit: 3, cursor: middle.previous ?? '' })
  expect(newer.items.map(({ seq }) => seq)).toEqual([9, 8, 7])
  expect(end.items.map(({ seq }) => seq)).toEqual([9, 8, 7])
  expect([end.previous, beyond.previous]).toEqual([null, null])
})

test('a cursor of another list is refused', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat)
  for (const cursor of ['nonsense', Buffer.from('{"at":["x"]}').toString('base64url')]) {
    await expect(chat.as('ann').listMessages({ conversationId, cursor })).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ field: 'cursor' }],
    })
  }
})

test('editMessage changes the text for everybody and says when', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  const [messageId = ''] = await sendMany(chat, conversationId, 1)

  const edited = await chat.as('ann').editMessage({ messageId, content: 'Better' })

  expect(edited).toMatchObject({ id: messageId, seq: 1, version: 3, content: 'Better' })
  expect(edited.editedAt).not.toBeNull()
  expect(await chat.as('bob').getMessage({ messageId })).toEqual(edited)
  expect(await lastEvent(chat)).toEqual({ event: 'messageUpdated', payload: edited })
})

test('editing a message to what it says already is no change', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat)
  const [messageId = ''] = await sendMany(chat, conversationId, 1)
  const before = await chat.events()

  const same = await chat.as('ann').editMessage({ messageId, content: 'Message 1' })

  expect(same).toMatchObject({ version: 2, editedAt: null })
  expect(await chat.events()).toEqual(before)
})

test("editMessage refuses another's message, even to admins and moderators", async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  const { id: messageId } = await chat.as('bob').sendMessage(draft(conversationId))

  for (const user of [chat.as('ann'), chat.as('ann', { role: 'moderator' })]) {
    await expect(user.editMessage({ messageId, content: 'Mine' })).rejects.toMatchObject({
      code: 'not_sender',
      status: 403,
    })
  }
})

test('a deleted message keeps its place, and nothing of what it said', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  const [first = ''] = await sendMany(chat, conversationId, 1)
  const { id: messageId } = await chat
    .as('ann')
    .sendMessage({ ...draft(conversationId, 'A secret'), replyTo: first })
  await chat.as('bob').addReaction({ messageId, emoji: '👍' })
  await chat.as('ann').pinMessage({ conversationId, messageId })

  await chat.as('ann').deleteMessage({ messageId })

  const left = await chat.as('bob').getMessage({ messageId })
  expect(left).toMatchObject({ seq: 2, content: '', replyTo: null, reactions: [], version: 6 })
  const { payload } = (await lastEvent(chat)) ?? {}
  expect(payload).toEqual({
    conversationId,
    version: 6,
    messageId,
    seq: 2,
    deletedBy: 'ann',
    deletedAt: left.deletedAt,
  })
  const conversation = await chat.as('bob').getConversation({ conversationId })
  expect(conversation.pinned).toEqual([])
  expect(conversation.lastMessage).toMatchObject({ deleted: true, preview: '' })
})

test('deleting a message again is no change, and it takes no edit, reaction or pin', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat)
  const [messageId = ''] = await sendMany(chat, conversationId, 1)
  await chat.as('ann').deleteMessage({ messageId })
  const before = await chat.events()

  await chat.as('ann').deleteMessage({ messageId })
  await chat.as('ann').removeReaction({ messageId, emoji: '👍' })
  const deleted = { code: 'message_deleted', status: 409 }
  const ann = chat.as('ann')
  await expect(ann.editMessage({ messageId, content: 'x' })).rejects.toMatchObject(deleted)
  await expect(ann.addReaction({ messageId, emoji: '👍' })).rejects.toMatchObject(deleted)
  await expect(ann.pinMessage({ conversationId, messageId })).rejects.toMatchObject(deleted)

  expect(await chat.events()).toEqual(before)
})

test("another's message is deleted by an admin of the group, not by a member", async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob', 'carol')
  const { id: messageId } = await chat.as('bob').sendMessage(draft(conversationId))

  await expect(chat.as('carol').deleteMessage({ messageId })).rejects.toMatchObject({
    code: 'not_sender',
  })
  await chat.as('ann').deleteMessage({ messageId })

  expect(await lastEvent(chat)).toMatchObject({
    event: 'messageDeleted',
    payload: { deletedBy: 'ann' },
  })
})

test('a moderator deletes any message, and the audit trail says so', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  const { id: messageId } = await chat.as('ann').sendMessage(draft(conversationId))
  const moderator = chat.as('mod', { role: 'moderator' })

  await expect(moderator.getMessage({ messageId })).rejects.toMatchObject({
    code: 'message_not_found',
  })
  await moderator.deleteMessage({ messageId })

  expect((await chat.as('bob').getMessage({ messageId })).content).toBe('')
  expect(await lastEvent(chat)).toMatchObject({
    event: 'audited',
    payload: {
      action: 'message.deleted',
      outcome: 'success',
      actorId: 'mod',
      subjectId: messageId,
      detail: { conversationId, senderId: 'ann' },
    },
  })
})

test('a reaction counts once for each person and emoji', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  const [messageId = ''] = await sendMany(chat, conversationId, 1)

  await chat.as('ann').addReaction({ messageId, emoji: '👍🏽' })
  await Promise.all(
    ['bob', 'ann', 'bob'].map((user) => chat.as(user).addReaction({ messageId, emoji: '👍🏽' })),
  )
  const both = await chat.as('bob').addReaction({ messageId, emoji: '🎉' })
  const fewer = await chat.as('bob').removeReaction({ messageId, emoji: '👍🏽' })
  const none = await chat.as('bob').removeReaction({ messageId, emoji: '👍🏽' })

  expect(both.reactions).toEqual([
    { emoji: '👍🏽', userIds: ['ann', 'bob'] },
    { emoji: '🎉', userIds: ['bob'] },
  ])
  expect(fewer.reactions).toEqual([
    { emoji: '👍🏽', userIds: ['ann'] },
    { emoji: '🎉', userIds: ['bob'] },
  ])
  expect(none).toEqual(fewer)
  const events = (await chat.events()).slice(-4)
  expect(events.map(({ event }) => event)).toEqual([
    'reactionAdded',
    'reactionAdded',
    'reactionAdded',
    'reactionRemoved',
  ])
  expect(events.at(-1)?.payload).toEqual({
    conversationId,
    version: 6,
    messageId,
    userId: 'bob',
    emoji: '👍🏽',
  })
})

test.each(['a', 'ok', '👍👍', '', '👍 ', '<b>', '\ud83d', '1'])(
  '%j is no reaction',
  async (emoji) => {
    await using chat = await open()
    const conversationId = await openGroup(chat)
    const [messageId = ''] = await sendMany(chat, conversationId, 1)

    await expect(chat.as('ann').addReaction({ messageId, emoji })).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ field: 'emoji' }],
    })
  },
)

test.each(['👍', '❤️', '🇨🇭', '👩‍👩‍👧‍👦', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '1️⃣'])('%j is a reaction', async (emoji) => {
  await using chat = await open()
  const conversationId = await openGroup(chat)
  const [messageId = ''] = await sendMany(chat, conversationId, 1)

  const { reactions } = await chat.as('ann').addReaction({ messageId, emoji })

  expect(reactions).toEqual([{ emoji, userIds: ['ann'] }])
})

test('a message carries at most fifty different emojis', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  const [messageId = ''] = await sendMany(chat, conversationId, 1)
  const emojis = Array.from({ length: 51 }, (_, index) => String.fromCodePoint(0x1f400 + index))
  for (const emoji of emojis.slice(0, 50)) await chat.as('ann').addReaction({ messageId, emoji })

  await expect(
    chat.as('ann').addReaction({ messageId, emoji: emojis[50] ?? '' }),
  ).rejects.toMatchObject({ code: 'too_many_reactions', status: 403 })
  await chat.as('bob').addReaction({ messageId, emoji: emojis[0] ?? '' })
})

test('ten messages are pinned at most, each once', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  const ids = await sendMany(chat, conversationId, 11)
  const ann = chat.as('ann')

  for (const messageId of ids.slice(0, 10)) await ann.pinMessage({ conversationId, messageId })
  const before = await chat.events()
  await ann.pinMessage({ conversationId, messageId: ids[0] ?? '' })
  await expect(ann.pinMessage({ conversationId, messageId: ids[10] ?? '' })).rejects.toMatchObject({
    code: 'too_many_pins',
    status: 403,
  })

  expect(await chat.events()).toEqual(before)
  expect(before.at(-1)).toEqual({
    event: 'messagePinned',
    payload: { conversationId, version: 22, messageId: ids[9], userId: 'ann' },
  })
  const { items, count } = await chat
    .as('bob')
    .listPinned({ conversationId, limit: 3, count: true })
  expect(items.map(({ id }) => id)).toEqual([ids[9], ids[8], ids[7]])
  expect(count).toBe(10)
  expect((await ann.getConversation({ conversationId })).pinned).toEqual(
    ids.slice(0, 10).toReversed(),
  )

  await ann.unpinMessage({ conversationId, messageId: ids[0] ?? '' })
  await ann.unpinMessage({ conversationId, messageId: ids[0] ?? '' })
  await ann.pinMessage({ conversationId, messageId: ids[10] ?? '' })
  expect((await chat.events()).slice(before.length).map(({ event }) => event)).toEqual([
    'messageUnpinned',
    'messagePinned',
  ])
})

test('pins that race for the last place do not all get it', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat)
  const ids = await sendMany(chat, conversationId, 15)

  const outcomes = await Promise.allSettled(
    ids.map((messageId) => chat.as('ann').pinMessage({ conversationId, messageId })),
  )

  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
  expect((await chat.as('ann').getConversation({ conversationId })).pinned).toHaveLength(10)
})

test('only messages of the conversation are pinned; in one of two, either does', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  const elsewhere = await chat.as('ann').openDirect({ userId: 'carol' })
  const { id: messageId } = await chat.as('ann').sendMessage(draft(elsewhere.id))
  const { id: own } = await chat.as('ann').sendMessage(draft(conversationId))

  for (const wrong of [messageId, `${conversationId}-9`, 'nonsense']) {
    await expect(
      chat.as('ann').pinMessage({ conversationId, messageId: wrong }),
    ).rejects.toMatchObject({ code: 'message_not_found' })
  }
  await chat.as('bob').pinMessage({ conversationId, messageId: own })
  expect((await chat.as('ann').listPinned({ conversationId })).items).toHaveLength(1)
})

test('typing is told to the others of the conversation', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')

  await chat.as('bob').startTyping({ conversationId })
  await chat.as('bob').stopTyping({ conversationId })

  const payload = { conversationId, userId: 'bob' }
  expect(chat.signals()).toMatchObject([
    { signal: 'typingStarted', payload },
    { signal: 'typingStopped', payload },
  ])
})
