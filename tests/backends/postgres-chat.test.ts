import { expect, test } from 'vitest'
import { Failure } from '../../kit/failure.ts'
import { eventually, temporaryFolder, testService } from '../../kit/testing.ts'
import { chatService } from '../../services/chat/index.ts'

// Two instances of the service on one database, as two processes would be.

const toPerson = (id: string) => ({
  id,
  username: id,
  displayName: id,
  avatar: null,
  blocked: false,
})
const uses = {
  users: {
    getPeople: async ({ userIds }: { userIds: string[] }) => ({ people: userIds.map(toPerson) }),
    getSettingsOf: async () => ({ people: [] }),
  },
}

async function openTwo() {
  const folder = temporaryFolder()
  const one = await testService(chatService, { uses, folder: folder.path })
  const two = await testService(chatService, { uses, folder: folder.path })
  return {
    one,
    two,
    both: [one, two] as const,
    async [Symbol.asyncDispose]() {
      await one[Symbol.asyncDispose]()
      await two[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

type Two = Awaited<ReturnType<typeof openTwo>>

const draft = (conversationId: string, content = 'Hello') => ({
  uuid: crypto.randomUUID(),
  conversationId,
  content,
})
const times = (n: number) => Array.from({ length: n }, (_, index) => index)
/** Does what a client does on a busy server: tries again, and says the same. */
async function insist<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'unavailable') throw error
    }
  }
}

const instance = ({ one, two }: Two, index: number) => (index % 2 === 0 ? one : two)

test('a hundred sends at once through two instances get places without a gap', async () => {
  await using chat = await openTwo()
  const { id: conversationId } = await chat.one
    .as('ann')
    .createGroup({ name: 'All', participantIds: ['bob', 'cid'] })

  const sent = await Promise.all(
    times(100).map((n) => {
      const user = instance(chat, n).as(n % 3 === 0 ? 'ann' : 'bob')
      const said = draft(conversationId, `Message ${n}`)
      return insist(() => user.sendMessage(said))
    }),
  )

  const seqs = sent.map(({ seq }) => seq).toSorted((a, b) => a - b)
  expect(seqs).toEqual(times(100).map((n) => n + 1))
  const versions = sent.map(({ version }) => version).toSorted((a, b) => a - b)
  expect(versions).toEqual(times(100).map((n) => n + 2))
  const announced = (await chat.two.events()).filter(({ event }) => event === 'messageReady')
  expect(announced.map(({ payload }) => (payload as { seq: number }).seq)).toEqual(
    times(100).map((n) => n + 1),
  )
  expect(await chat.two.as('cid').getUnreadCount({})).toMatchObject({ unread: 100 })
  expect(await chat.one.as('ann').getUnreadCount({})).toMatchObject({ unread: 66 })
  for (const service of chat.both) {
    await eventually(
      () => service.as('cid').searchMessages({ q: 'Message', limit: 100 }),
      ({ items }) => items.length === 100,
      20_000,
    )
  }
})

test('a message sent through both instances at once is stored once', async () => {
  await using chat = await openTwo()
  const { id: conversationId } = await chat.one.as('ann').openDirect({ userId: 'bob' })
  for (const round of times(10)) {
    const said = draft(conversationId)
    const answers = await Promise.all(
      times(8).map((n) => instance(chat, n).as('ann').sendMessage(said)),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]?.seq).toBe(round + 1)
  }
})

test('one uuid sent to two conversations at once is stored in one and refused in the other', async () => {
  await using chat = await openTwo()
  const first = await chat.one.as('ann').openDirect({ userId: 'bob' })
  const second = await chat.one.as('ann').openDirect({ userId: 'cid' })
  for (const _ of times(20)) {
    const said = draft(first.id)
    const outcomes = await Promise.allSettled([
      chat.one.as('ann').sendMessage(said),
      chat.two.as('ann').sendMessage({ ...said, conversationId: second.id }),
    ])
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    expect(refused).toEqual([
      expect.objectContaining({ reason: expect.objectContaining({ code: 'uuid_used' }) }),
    ])
  }
  const { seq: one } = await chat.two.as('ann').getConversation({ conversationId: first.id })
  const { seq: two } = await chat.two.as('ann').getConversation({ conversationId: second.id })
  expect(one + two).toBe(20)
})

test('two people who open their conversation at once have one', async () => {
  await using chat = await openTwo()
  for (const n of times(10)) {
    const opened = await Promise.all([
      chat.one.as(`ann${n}`).openDirect({ userId: `bob${n}` }),
      chat.two.as(`bob${n}`).openDirect({ userId: `ann${n}` }),
    ])
    expect(opened[0].id).toBe(opened[1].id)
    expect((await chat.one.as(`ann${n}`).listConversations({})).items).toHaveLength(1)
  }
})

test('members who come and go through both instances at once are counted right', async () => {
  await using chat = await openTwo()
  const names = times(12).map((n) => `user${n}`)
  const { id: conversationId } = await chat.one
    .as('ann')
    .createGroup({ name: 'All', participantIds: names })

  await Promise.all([
    ...names
      .slice(0, 6)
      .map((name, n) => instance(chat, n).as(name).leaveConversation({ conversationId })),
    ...times(12).map((n) =>
      instance(chat, n)
        .as('ann')
        .addParticipants({ conversationId, userIds: [`late${n % 6}`, `late${(n + 1) % 6}`] }),
    ),
  ])

  const { memberCount } = await chat.two.as('ann').getConversation({ conversationId })
  const { items } = await chat.two.as('ann').listParticipants({ conversationId, limit: 100 })
  expect([memberCount, items.length]).toEqual([13, 13])
})

test('the last two admins who step down at once leave one', async () => {
  await using chat = await openTwo()
  for (const _ of times(8)) {
    const { id: conversationId } = await chat.one
      .as('ann')
      .createGroup({ name: 'All', participantIds: ['bob'] })
    await chat.one.as('ann').changeParticipant({ conversationId, userId: 'bob', admin: true })
    const outcomes = await Promise.allSettled([
      chat.one.as('ann').changeParticipant({ conversationId, userId: 'ann', admin: false }),
      chat.two.as('bob').changeParticipant({ conversationId, userId: 'bob', admin: false }),
    ])
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  }
})

test('reading and writing at once leave no unread message uncounted', async () => {
  await using chat = await openTwo()
  const { id: conversationId } = await chat.one.as('ann').openDirect({ userId: 'bob' })
  for (const round of times(10)) {
    const seq = 1 + round * 8
    await Promise.all(
      times(4).flatMap((n) => [
        instance(chat, n).as('ann').sendMessage(draft(conversationId)),
        instance(chat, n + 1)
          .as('bob')
          .sendMessage(draft(conversationId)),
        instance(chat, n)
          .as('bob')
          .markRead({ conversationId, seq: seq + n }),
      ]),
    )
    if (round === 5) await chat.two.as('bob').markAllRead({})
  }

  const { own, seq } = await chat.one.as('bob').getConversation({ conversationId })
  const page = await chat.one.as('bob').listMessages({ conversationId, limit: 100 })
  const unread = page.items.filter(
    (message) => message.senderId === 'ann' && message.seq > own.readSeq,
  )
  expect([seq, own.unread]).toEqual([80, unread.length])
})

test('an event that both instances receive at once has its effect once', async () => {
  await using chat = await openTwo()
  const { id: conversationId } = await chat.one.as('ann').openDirect({ userId: 'bob' })
  await Promise.all(
    times(20).map((n) =>
      instance(chat, n).produce('raw-message', { ...draft(conversationId), senderId: 'ann' }),
    ),
  )
  expect((await chat.one.as('bob').getConversation({ conversationId })).seq).toBe(20)
})
