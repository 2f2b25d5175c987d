import { expect, test } from 'vitest'
import type { CaughtUpConversation, Member, Message } from '../../contracts/chat-shapes.ts'
import { testService } from '../../kit/testing.ts'
import { chatService } from './index.ts'
import { draft, uses } from './test-people.ts'

const open = () => testService(chatService, { uses })

type Tested = Awaited<ReturnType<typeof open>>

async function openGroup(chat: Tested, ...participantIds: string[]) {
  const { id } = await chat.as('ann').createGroup({ name: 'All', participantIds })
  return id
}

test('catchUp gives what changed after a version, each thing once and as it is now', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob', 'carol')
  const ids: string[] = []
  for (const content of ['One', 'Two', 'Three']) {
    ids.push((await chat.as('ann').sendMessage(draft(conversationId, content))).id)
  }
  const [one = '', two = ''] = ids
  const { seq, version } = await chat.as('bob').getConversation({ conversationId })
  await chat.as('ann').editMessage({ messageId: one, content: 'First' })
  await chat.as('ann').editMessage({ messageId: one, content: 'The first' })
  await chat.as('ann').deleteMessage({ messageId: two })
  await chat.as('carol').markRead({ conversationId, seq: 3 })
  await chat.as('carol').sendMessage(draft(conversationId, 'Four'))

  const answer = await chat.as('bob').catchUp({ conversations: [{ conversationId, seq, version }] })

  expect(answer.gone).toEqual([])
  expect(answer.conversations).toMatchObject([
    {
      conversationId,
      seq: 4,
      version: version + 5,
      complete: true,
      own: { unread: 3 },
      receipts: [{ userId: 'carol', seq: 3 }],
      messages: [
        { seq: 1, content: 'The first', version: version + 2 },
        { seq: 2, content: '', version: version + 3 },
        { seq: 4, content: 'Four', version: version + 5 },
      ],
    },
  ])
  expect(answer.conversations[0]).not.toHaveProperty('conversation')
  expect(answer.conversations[0]).not.toHaveProperty('members')
  expect(JSON.stringify(answer)).not.toContain('Two')
})

test('catchUp without a version gives all that changed since the message came', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  const first = await chat.as('ann').sendMessage(draft(conversationId, 'One'))
  const second = await chat.as('ann').sendMessage(draft(conversationId, 'Two'))
  await chat.as('ann').editMessage({ messageId: second.id, content: 'Second' })
  await chat.as('ann').sendMessage(draft(conversationId, 'Three'))
  await chat.as('ann').editMessage({ messageId: first.id, content: 'First' })
  const seqsSince = async (seq: number) => {
    const asked = { conversations: [{ conversationId, seq }] }
    const { conversations } = await chat.as('bob').catchUp(asked)
    return conversations[0]?.messages.map((message) => message.seq)
  }

  expect(await seqsSince(0)).toEqual([2, 3, 1])
  expect(await seqsSince(2)).toEqual([2, 3, 1])
  expect(await seqsSince(3)).toEqual([1])
})

test('a client that knows more than there is gets everything', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  await chat.as('ann').sendMessage(draft(conversationId))

  const { conversations } = await chat
    .as('bob')
    .catchUp({ conversations: [{ conversationId, seq: 50, version: 90 }] })

  expect(conversations).toMatchObject([{ seq: 1, version: 2, messages: [{ seq: 1 }] }])
})

test('a client that has everything gets nothing but its own state', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  await chat.as('ann').sendMessage(draft(conversationId))

  const { conversations } = await chat
    .as('bob')
    .catchUp({ conversations: [{ conversationId, seq: 1, version: 2 }] })

  const { own } = await chat.as('bob').getConversation({ conversationId })
  expect(conversations).toEqual([
    { conversationId, seq: 1, version: 2, complete: true, own, receipts: [], messages: [] },
  ])
})

test('what one has cleared does not come back', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  await chat.as('ann').sendMessage(draft(conversationId, 'Old'))
  await chat.as('bob').clearHistory({ conversationId })
  await chat.as('ann').sendMessage(draft(conversationId, 'New'))

  const { conversations } = await chat
    .as('bob')
    .catchUp({ conversations: [{ conversationId, seq: 0 }] })

  expect(conversations[0]?.messages.map(({ content }) => content)).toEqual(['New'])
})

test('what does not fit into one answer comes with the next ones, in order', async () => {
  await using chat = await open()
  const conversationId = await openGroup(chat, 'bob')
  const long = 'a'.repeat(10_000)
  const { id: messageId } = await chat.as('ann').sendMessage(draft(conversationId, long))
  for (let sent = 1; sent < 950; sent += 50) {
    // In the middle of the first answer, which must not pass over it.
    if (sent === 101) {
      await chat.as('bob').markRead({ conversationId, seq: 50 })
      await chat.as('ann').updateConversation({ conversationId, name: 'Renamed' })
    }
    await Promise.all(
      Array.from({ length: 50 }, () => chat.as('ann').sendMessage(draft(conversationId, long))),
    )
  }
  await chat.as('ann').editMessage({ messageId, content: 'short' })

  const client = createClient(chat, 'bob', conversationId)
  const answers = await client.catchUp()

  expect(answers).toBeGreaterThan(1)
  expect(await client.getState()).toEqual(await getTruth(chat, 'bob', conversationId))
})

test('catchUp names at most 200 conversations', async () => {
  await using chat = await open()
  const conversations = Array.from({ length: 201 }, () => ({ conversationId: 'x', seq: 0 }))

  await expect(chat.as('bob').catchUp({ conversations })).rejects.toMatchObject({
    code: 'invalid_input',
  })
})

test.each([1, 2, 3])(
  'a client that misses events at random always ends with what the server has (%i)',
  async (seed) => {
    await using chat = await open()
    const random = createRandom(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const conversationId = await openGroup(chat, 'bob', 'carol', 'dave')
    const client = createClient(chat, 'bob', conversationId)
    await client.catchUp()
    let heard = (await chat.events()).length
    const members = ['ann', 'bob', 'carol', 'dave']
    let seq = 0

    for (let step = 0; step < 150; step += 1) {
      const user = pick(members)
      const as = chat.as(user)
      const messageId = `${conversationId}-${1 + Math.floor(random() * Math.max(1, seq))}`
      const emoji = pick(['👍', '🎉'])
      const steps: (() => Promise<unknown>)[] = [
        () => as.sendMessage(draft(conversationId, `Message ${step}`)),
        () => as.sendMessage(draft(conversationId, `Message ${step}`)),
        () => as.editMessage({ messageId, content: `Edit ${step}` }),
        () => as.deleteMessage({ messageId }),
        () => as.addReaction({ messageId, emoji }),
        () => as.removeReaction({ messageId, emoji }),
        () => as.markRead({ conversationId, seq: 1 + Math.floor(random() * Math.max(1, seq)) }),
        () => chat.as('ann').pinMessage({ conversationId, messageId }),
        () => chat.as('ann').unpinMessage({ conversationId, messageId }),
        () => chat.as('ann').updateConversation({ conversationId, name: `Name ${step}` }),
        () => chat.as('ann').addParticipants({ conversationId, userIds: [pick(['dave', 'eve'])] }),
        () => chat.as('ann').removeParticipant({ conversationId, userId: pick(['dave', 'eve']) }),
        () =>
          chat
            .as('ann')
            .changeParticipant({ conversationId, userId: 'carol', admin: random() < 0.5 }),
      ]
      // What is refused here and there is refused rightly: it changes nothing.
      await pick(steps)().catch((error) => expect(error.status).toBeLessThan(500))
      const events = (await chat.events()).slice(heard)
      heard += events.length
      for (const event of events) {
        if (event.event === 'messageReady') seq += 1
        if (random() < 0.6) await client.hear(event)
      }
    }
    await client.catchUp()

    expect(await client.getState()).toEqual(await getTruth(chat, 'bob', conversationId))
  },
)

type Known = {
  version: number
  seq: number
  header: CaughtUpConversation['conversation']
  members: Map<string, Member>
  messages: Map<string, Message>
}

/** A client as the contract describes it: it applies what it hears in order, and asks at a gap. */
function createClient(chat: Tested, user: string, conversationId: string) {
  const known: Known = {
    version: 0,
    seq: 0,
    header: undefined,
    members: new Map(),
    messages: new Map(),
  }

  async function catchUp(): Promise<number> {
    for (let answers = 1; ; answers += 1) {
      const { seq, version } = known
      const asked = { conversations: [{ conversationId, seq, version }] }
      const [answer] = (await chat.as(user).catchUp(asked)).conversations
      if (!answer) throw new Error('The conversation is gone')
      known.header = answer.conversation ?? known.header
      if (answer.members) {
        known.members = new Map(answer.members.map((member) => [member.userId, member]))
      }
      for (const receipt of answer.receipts) setReceipt(receipt.userId, receipt.seq)
      for (const message of answer.messages) {
        known.messages.set(message.id, message)
        known.seq = Math.max(known.seq, message.seq)
      }
      known.version = answer.version
      if (answer.complete) return answers
    }
  }

  function setReceipt(userId: string, readSeq: number) {
    const member = known.members.get(userId)
    if (member) known.members.set(userId, { ...member, readSeq })
  }

  function changeMessage(payload: Payload, change: (message: Message) => Partial<Message>) {
    const message = known.messages.get(payload.messageId)
    if (!message) throw new Error(`Heard of ${payload.messageId} before it came`)
    const changed = { ...message, ...change(message), version: payload.version }
    known.messages.set(message.id, changed)
  }

  function changePins(change: (pinned: string[]) => string[]) {
    if (known.header) known.header = { ...known.header, pinned: change(known.header.pinned) }
  }

  // biome-ignore lint/suspicious/noExplicitAny: events of every kind, told apart by their name.
  type Payload = any

  const applied: Record<string, (payload: Payload) => void> = {
    messageReady(message) {
      known.messages.set(message.id, message)
      known.seq = message.seq
    },
    messageUpdated: (message) => void known.messages.set(message.id, message),
    messageDeleted(payload) {
      const { deletedAt } = payload
      const gone = { content: '', replyTo: null, reactions: [], editedAt: null, deletedAt }
      changeMessage(payload, () => gone)
      changePins((pinned) => pinned.filter((id) => id !== payload.messageId))
    },
    reactionAdded(payload) {
      const { emoji, userId } = payload
      changeMessage(payload, ({ reactions }) => ({
        reactions: reactions.some((one) => one.emoji === emoji)
          ? reactions.map((one) =>
              one.emoji === emoji ? { emoji, userIds: [...one.userIds, userId] } : one,
            )
          : [...reactions, { emoji, userIds: [userId] }],
      }))
    },
    reactionRemoved(payload) {
      const { emoji, userId } = payload
      changeMessage(payload, ({ reactions }) => ({
        reactions: reactions
          .map((one) =>
            one.emoji === emoji
              ? { emoji, userIds: one.userIds.filter((id) => id !== userId) }
              : one,
          )
          .filter(({ userIds }) => userIds.length > 0),
      }))
    },
    messagesRead: ({ userId, seq }) => setReceipt(userId, seq),
    messagePinned: ({ messageId }) => changePins((pinned) => [messageId, ...pinned]),
    messageUnpinned: ({ messageId }) =>
      changePins((pinned) => pinned.filter((id) => id !== messageId)),
    conversationUpdated({ name, description, avatar }) {
      if (known.header) known.header = { ...known.header, name, description, avatar }
    },
    participantsAdded({ userIds, joinedAt }) {
      for (const userId of userIds) {
        known.members.set(userId, { userId, admin: false, joinedAt, readSeq: 0 })
      }
    },
    participantRemoved: ({ userId }) => void known.members.delete(userId),
    participantChanged({ userId, admin }) {
      const member = known.members.get(userId)
      if (member) known.members.set(userId, { ...member, admin })
    },
  }

  return {
    catchUp,
    async hear({ event, payload }: { event: string; payload: Payload }) {
      const apply = applied[event]
      if (!apply || payload.version <= known.version) return
      if (payload.version > known.version + 1) {
        await catchUp()
        return
      }
      apply(payload)
      known.version = payload.version
    },
    async getState() {
      const { header, members, messages, version, seq } = known
      return {
        version,
        seq,
        header: { ...header, memberCount: members.size },
        members: [...members.values()].sort(byUser),
        messages: [...messages.values()].sort((one, other) => one.seq - other.seq),
      }
    },
  }
}

/** The same, asked for piece by piece. */
async function getTruth(chat: Tested, user: string, conversationId: string) {
  const { seq, version, ...conversation } = await chat.as(user).getConversation({ conversationId })
  const { person: _, activeAt: __, lastMessage: ___, own: ____, ...header } = conversation
  const { items } = await chat.as(user).listParticipants({ conversationId, limit: 100 })
  const members = items.map(({ person: _person, ...member }) => member).sort(byUser)
  const messages: Message[] = []
  let cursor: string | null | undefined
  while (cursor !== null) {
    const request = { conversationId, limit: 100, ...(cursor && { cursor }) }
    const page = await chat.as(user).listMessages(request)
    messages.unshift(...page.items.toReversed())
    cursor = page.next
  }
  return { version, seq, header, members, messages }
}

function byUser(one: Member, other: Member) {
  return one.userId < other.userId ? -1 : 1
}

/** The same numbers for the same seed, so that a failure can be seen again. */
function createRandom(seed: number) {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}
