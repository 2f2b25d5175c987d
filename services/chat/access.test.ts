import { expect, test } from 'vitest'
import { testService } from '../../kit/testing.ts'
import { chatService } from './index.ts'
import { draft, uses } from './test-people.ts'

const open = () => testService(chatService, { uses })

type Caller = ReturnType<Awaited<ReturnType<typeof open>>['as']>
type Ids = { conversationId: string; messageId: string }

const onConversation: Record<string, (user: Caller, ids: Ids) => Promise<unknown>> = {
  getConversation: (user, { conversationId }) => user.getConversation({ conversationId }),
  updateConversation: (user, { conversationId }) =>
    user.updateConversation({ conversationId, name: 'Mine' }),
  deleteConversation: (user, { conversationId }) => user.deleteConversation({ conversationId }),
  clearHistory: (user, { conversationId }) => user.clearHistory({ conversationId }),
  muteConversation: (user, { conversationId }) =>
    user.muteConversation({ conversationId, muted: true }),
  archiveConversation: (user, { conversationId }) =>
    user.archiveConversation({ conversationId, archived: true }),
  pinConversation: (user, { conversationId }) =>
    user.pinConversation({ conversationId, pinned: true }),
  joinConversation: (user, { conversationId }) => user.joinConversation({ conversationId }),
  listParticipants: (user, { conversationId }) => user.listParticipants({ conversationId }),
  addParticipants: (user, { conversationId }) =>
    user.addParticipants({ conversationId, userIds: ['no-one', 'mallory'] }),
  removeParticipant: (user, { conversationId }) =>
    user.removeParticipant({ conversationId, userId: 'bob' }),
  changeParticipant: (user, { conversationId }) =>
    user.changeParticipant({ conversationId, userId: 'bob', admin: true }),
  leaveConversation: (user, { conversationId }) => user.leaveConversation({ conversationId }),
  sendMessage: (user, { conversationId }) => user.sendMessage(draft(conversationId)),
  listMessages: (user, { conversationId }) => user.listMessages({ conversationId }),
  pinMessage: (user, ids) => user.pinMessage(ids),
  unpinMessage: (user, ids) => user.unpinMessage(ids),
  listPinned: (user, { conversationId }) => user.listPinned({ conversationId }),
  searchMessages: (user, { conversationId }) =>
    user.searchMessages({ q: 'secret', conversationId }),
  markRead: (user, { conversationId }) => user.markRead({ conversationId, seq: 1 }),
  startTyping: (user, { conversationId }) => user.startTyping({ conversationId }),
  stopTyping: (user, { conversationId }) => user.stopTyping({ conversationId }),
}

const onMessage: typeof onConversation = {
  getMessage: (user, { messageId }) => user.getMessage({ messageId }),
  editMessage: (user, { messageId }) => user.editMessage({ messageId, content: 'Mine' }),
  deleteMessage: (user, { messageId }) => user.deleteMessage({ messageId }),
  addReaction: (user, { messageId }) => user.addReaction({ messageId, emoji: '👍' }),
  removeReaction: (user, { messageId }) => user.removeReaction({ messageId, emoji: '👍' }),
}

const cases = [
  ...Object.entries(onConversation).map(
    ([name, attempt]) => [name, attempt, 'conversation_not_found'] as const,
  ),
  ...Object.entries(onMessage).map(
    ([name, attempt]) => [name, attempt, 'message_not_found'] as const,
  ),
]

test.each(cases)(
  '%s tells an outsider nothing, not even that there is something',
  async (_, attempt, code) => {
    await using chat = await open()
    const { id: conversationId } = await chat
      .as('ann')
      .createGroup({ name: 'Ours', participantIds: ['bob', 'left'] })
    const { id: messageId } = await chat.as('ann').sendMessage(draft(conversationId, 'A secret'))
    await chat.as('left').leaveConversation({ conversationId })
    const before = await chat.events()
    const real = { conversationId, messageId }
    const other = crypto.randomUUID()
    const unreal = { conversationId: other, messageId: `${other}-1` }

    const answers = await Promise.all(
      [
        attempt(chat.as('mallory'), real),
        attempt(chat.as('left'), real),
        attempt(chat.as('mallory'), unreal),
      ].map((answer) =>
        answer.then(
          () => 'no refusal',
          (error) => ({ ...error, message: error.message }),
        ),
      ),
    )

    expect(answers[0]).toMatchObject({ code, status: 404 })
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
    expect(await chat.events()).toEqual(before)
    expect(chat.signals()).toEqual([])
  },
)

test('an outsider finds, lists and catches up on nothing', async () => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })
  await chat.as('ann').sendMessage(draft(conversationId, 'A secret'))
  const mallory = chat.as('mallory')

  expect((await mallory.listConversations({})).items).toEqual([])
  expect((await mallory.searchMessages({ q: 'secret' })).items).toEqual([])
  expect(await mallory.getUnreadCount({})).toEqual({ unread: 0, muted: 0, mentions: 0 })
  expect(
    await mallory.catchUp({
      conversations: [
        { conversationId, seq: 0 },
        { conversationId: 'nowhere', seq: 0 },
      ],
    }),
  ).toEqual({ conversations: [], gone: [conversationId, 'nowhere'] })
  expect(await chat.internally.listMyRooms({ userId: 'mallory' })).toEqual({ rooms: [] })
})

const adminsOnly: typeof onConversation = {
  updateConversation: onConversation.updateConversation as never,
  deleteConversation: onConversation.deleteConversation as never,
  removeParticipant: (user, { conversationId }) =>
    user.removeParticipant({ conversationId, userId: 'ann' }),
  changeParticipant: onConversation.changeParticipant as never,
  pinMessage: onConversation.pinMessage as never,
  unpinMessage: onConversation.unpinMessage as never,
  addParticipants: (user, { conversationId }) =>
    user.addParticipants({ conversationId, userIds: ['carol'] }),
}

test.each(Object.entries(adminsOnly))('%s is for admins of a group', async (_, attempt) => {
  await using chat = await open()
  const { id: conversationId } = await chat
    .as('ann')
    .createGroup({ name: 'Ours', participantIds: ['bob'] })
  const { id: messageId } = await chat.as('ann').sendMessage(draft(conversationId))
  const before = await chat.events()

  await expect(attempt(chat.as('bob'), { conversationId, messageId })).rejects.toMatchObject({
    code: 'not_admin',
    status: 403,
  })
  expect(await chat.events()).toEqual(before)
})

const groupsOnly: typeof onConversation = {
  updateConversation: onConversation.updateConversation as never,
  addParticipants: adminsOnly.addParticipants as never,
  removeParticipant: onConversation.removeParticipant as never,
  changeParticipant: onConversation.changeParticipant as never,
  leaveConversation: onConversation.leaveConversation as never,
}

test.each(Object.entries(groupsOnly))('%s is for groups', async (_, attempt) => {
  await using chat = await open()
  const { id: conversationId } = await chat.as('ann').openDirect({ userId: 'bob' })

  await expect(
    attempt(chat.as('ann'), { conversationId, messageId: 'none' }),
  ).rejects.toMatchObject({ code: 'not_a_group', status: 403 })
})

test('nobody comes in without a confirmed account', async () => {
  await using chat = await open()

  await expect(chat.anonymous.listConversations({})).rejects.toMatchObject({
    code: 'unauthenticated',
  })
  await expect(
    chat.as('ann', { confirmed: false }).openDirect({ userId: 'bob' }),
  ).rejects.toMatchObject({ code: 'email_unconfirmed' })
  await expect(chat.as('ann').listMyRooms({ userId: 'bob' })).rejects.toMatchObject({
    code: 'not_found',
  })
})
