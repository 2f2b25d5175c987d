import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { Message } from '../contracts/chat-shapes.ts'
import { eventually } from '../kit/testing.ts'
import type { Stage } from '../tests/lib/stage.ts'
import { createTalkers, room, type Talkers } from '../tests/lib/talkers.ts'
import { createClient, memoryOutbox, type OutboxStorage, type StoaClient } from './index.ts'

type Person = AsyncDisposable & {
  client: StoaClient
  /** The conversation as an application would show it: built of the news alone. */
  shown: Map<string, Message>
  /** Contents in the order of arrival, whatever brought them. */
  arrived: string[]
  refreshes: number
}

/** Signs somebody in whose tokens come from whatever stage runs now. */
async function signIn(
  stageNow: () => Stage,
  userId = 'ann',
  detail: { storage?: OutboxStorage; expiresIn?: () => number } = {},
): Promise<Person> {
  const person = { refreshes: 0 }
  const client = createClient({
    url: stageNow().url,
    tokens: { read: async () => 'refresh', write: async () => {} },
    ...(detail.storage && { storage: detail.storage }),
    fetch: async () => {
      person.refreshes += 1
      const expiresIn = detail.expiresIn?.() ?? 600
      const accessToken = stageNow().token(userId, { expiresInMs: expiresIn * 1000 })
      return Response.json({ accessToken, expiresIn, user: { id: userId } })
    },
  })
  const shown = new Map<string, Message>()
  const arrived: string[] = []
  const show = (message: Message) => {
    shown.set(message.id, message)
    arrived.push(message.content)
  }
  client.on('message:new', show)
  client.on('message:updated', show)
  client.on('caughtUp', ({ messages }) => messages.forEach(show))
  await client.resume()
  return Object.assign(person, {
    client,
    shown,
    arrived,
    [Symbol.asyncDispose]: async () => client.close(),
  })
}

async function goOnline({ client }: Person): Promise<void> {
  client.live.connect()
  await eventually(() => client.live.state() === 'online')
}

async function openRoom(person: Person): Promise<void> {
  await goOnline(person)
  const { messages } = await person.client.conversations.open(room)
  for (const message of messages) person.shown.set(message.id, message)
}

/** Waits until the person has every change, and says whether it is shown as it is. */
async function expectAllShown({ client, shown }: Person, talkers: Talkers): Promise<void> {
  await eventually(
    () => client.conversations.positions().get(room)?.version,
    (version) => version === talkers.version(),
    10_000,
  )
  expect([...shown.values()].sort((one, other) => one.seq - other.seq)).toEqual(talkers.messages)
}

test('live news arrive once and in order, and each push is typed', async () => {
  const talkers = createTalkers()
  await using stage = await talkers.start()
  await using ann = await signIn(() => stage)
  await openRoom(ann)

  for (let index = 0; index < 100; index++) talkers.write(`line ${index}`)

  await expectAllShown(ann, talkers)
  expect(ann.arrived).toEqual(Array.from({ length: 100 }, (_, index) => `line ${index}`))
  expect(talkers.catchUps).toBe(0)
})

test('a killed server costs nothing: what was missed comes once, in one answer', async () => {
  const talkers = createTalkers()
  const first = await talkers.start()
  let stage = first
  await using ann = await signIn(() => stage)
  await openRoom(ann)
  talkers.write('before')
  await expectAllShown(ann, talkers)

  await first[Symbol.asyncDispose]()
  talkers.inSilence(() => {
    for (let index = 0; index < 100; index++) talkers.write(`missed ${index}`)
    talkers.edit('before, edited')
  })
  stage = await talkers.start({ port: first.port })
  await using _second = stage

  await expectAllShown(ann, talkers)
  expect(talkers.catchUps).toBe(1)
  expect(ann.arrived).toHaveLength(1 + 100 + 1)
  talkers.write('after')
  await expectAllShown(ann, talkers)
  expect(ann.arrived.at(-1)).toBe('after')
})

test('a hole in the numbers asks for what is missing, and nothing comes twice', async () => {
  const talkers = createTalkers()
  await using stage = await talkers.start()
  await using ann = await signIn(() => stage)
  await openRoom(ann)

  talkers.write('one')
  talkers.inSilence(() => talkers.write('lost'))
  talkers.write('three')
  talkers.write('four')

  await expectAllShown(ann, talkers)
  expect([...ann.arrived].sort()).toEqual(['four', 'lost', 'one', 'three'])
})

test('a long absence is caught up page by page', async () => {
  const talkers = createTalkers()
  talkers.pageSize = 7
  await using stage = await talkers.start()
  await using ann = await signIn(() => stage)
  for (let index = 0; index < 50; index++) talkers.write(`line ${index}`)

  await goOnline(ann)
  ann.client.conversations.follow(room, { seq: 0, version: 0 })

  await expectAllShown(ann, talkers)
  expect(ann.arrived).toEqual(talkers.messages.map(({ content }) => content))
})

test('a burst while joining is neither lost nor doubled', async () => {
  const talkers = createTalkers()
  await using stage = await talkers.start()
  await using ann = await signIn(() => stage)
  await goOnline(ann)
  const writing = setInterval(() => talkers.write('burst'), 1)

  for (let round = 0; round < 10; round++) {
    const { messages } = await ann.client.conversations.open(room)
    for (const message of messages) ann.shown.set(message.id, message)
  }
  clearInterval(writing)

  await expectAllShown(ann, talkers)
})

test('what is written between snapshot and answer is shown after the snapshot', async () => {
  const talkers = createTalkers()
  await using stage = await talkers.start()
  await using ann = await signIn(() => stage)
  await goOnline(ann)
  const heard: string[] = []
  ann.client.on('message:new', ({ content }) => heard.push(content))
  const witness = await stage.connect('bob')
  talkers.write('in the snapshot')
  talkers.beforeSnapshotLeaves = async () => {
    talkers.write('just missed it')
    await eventually(() => witness.heard.length === 2)
  }
  await eventually(() => heard.length === 1)

  const { messages } = await ann.client.conversations.open(room)
  for (const message of messages) ann.shown.set(message.id, message)

  await expectAllShown(ann, talkers)
  expect(messages.map(({ content }) => content)).toEqual(['in the snapshot'])
  expect(heard).toEqual(['in the snapshot', 'just missed it'])
  expect(talkers.catchUps).toBe(0)
})

test('a conversation that is closed meanwhile is gone', async () => {
  const talkers = createTalkers()
  const first = await talkers.start()
  let stage = first
  await using ann = await signIn(() => stage)
  const gone: string[] = []
  ann.client.on('gone', ({ conversationId }) => gone.push(conversationId))
  await openRoom(ann)
  await first[Symbol.asyncDispose]()
  talkers.members.delete('ann')
  stage = await talkers.start({ port: first.port })
  await using _second = stage

  await eventually(() => gone.length > 0)

  expect(gone).toEqual([room])
  expect(ann.client.conversations.positions().size).toBe(0)
})

test('a message whose answer is lost is sent again under its name, and shown once', async () => {
  const talkers = createTalkers()
  const first = await talkers.start()
  let stage = first
  await using ann = await signIn(() => stage)
  await openRoom(ann)
  talkers.beforeAnswer = async () => {
    talkers.beforeAnswer = () => {}
    await first.kill()
  }

  const { uuid } = await ann.client.outbox.send({ conversationId: room, content: 'hello' })
  await eventually(() => ann.client.live.state() !== 'online')
  await first[Symbol.asyncDispose]()
  stage = await talkers.start({ port: first.port })
  await using _second = stage

  await eventually(() => ann.client.outbox.entries().length === 0, Boolean, 10_000)
  await expectAllShown(ann, talkers)
  expect(talkers.messages.map((message) => message.uuid)).toEqual([uuid])
  expect(ann.arrived).toEqual(['hello'])
})

test('messages written offline survive a restart and are sent in order', async () => {
  const talkers = createTalkers()
  await using stage = await talkers.start()
  const storage = memoryOutbox()
  {
    await using offline = await signIn(() => stage, 'ann', { storage })
    for (let index = 0; index < 20; index++) {
      await offline.client.outbox.send({ conversationId: room, content: `line ${index}` })
    }
  }
  await using ann = await signIn(() => stage, 'ann', { storage })
  await openRoom(ann)

  await eventually(() => talkers.messages.length === 20)
  expect(talkers.messages.map(({ content }) => content)).toEqual(
    Array.from({ length: 20 }, (_, index) => `line ${index}`),
  )
  await eventually(async () => (await storage.load()).length === 0)
})

test('what somebody else left unsent on this machine stays theirs', async () => {
  const talkers = createTalkers()
  await using stage = await talkers.start()
  const storage = memoryOutbox()
  {
    await using bob = await signIn(() => stage, 'bob', { storage })
    await bob.client.outbox.send({ conversationId: room, content: 'from bob' })
  }
  await using ann = await signIn(() => stage, 'ann', { storage })
  await openRoom(ann)
  await ann.client.outbox.send({ conversationId: room, content: 'from ann' })

  await eventually(() => talkers.messages.length === 1)
  expect(talkers.messages[0]).toMatchObject({ senderId: 'ann', content: 'from ann' })
  expect(await storage.load()).toMatchObject([{ userId: 'bob' }])
})

test('a refused message is failed with its code, lets the next pass, and can be given up', async () => {
  const talkers = createTalkers()
  await using stage = await talkers.start()
  await using ann = await signIn(() => stage)
  const states: string[] = []
  ann.client.outbox.onChange(({ entry }) => states.push(`${entry.draft.content}: ${entry.state}`))
  await openRoom(ann)

  const refused = await ann.client.outbox.send({ conversationId: room, content: 'forbidden words' })
  await ann.client.outbox.send({ conversationId: room, content: 'fine' })
  await eventually(() => states.includes('fine: sent'))

  expect(ann.client.outbox.entries()).toMatchObject([{ state: 'failed', code: 'blocked' }])
  await ann.client.outbox.retry(refused.uuid)
  await eventually(() => states.filter((state) => state.endsWith('words: failed')).length === 2)
  await ann.client.outbox.discard(refused.uuid)
  expect(ann.client.outbox.entries()).toEqual([])
})

test('a server in trouble is tried again until it answers', async () => {
  const talkers = createTalkers()
  await using stage = await talkers.start()
  await using ann = await signIn(() => stage)
  await openRoom(ann)
  let troubles = 2
  talkers.beforeAnswer = () => {
    troubles -= 1
    if (troubles >= 0) throw new Error('trouble')
  }

  await ann.client.outbox.send({ conversationId: room, content: 'hello' })

  await eventually(() => ann.client.outbox.entries().length === 0)
  expect(talkers.messages).toHaveLength(1)
})

test('an access token that expires is exchanged without losing the connection', async () => {
  const talkers = createTalkers()
  await using stage = await talkers.start({ timings: { renewGraceMs: 60_000 } })
  let life = 1.5
  await using ann = await signIn(() => stage, 'ann', { expiresIn: () => life })
  const states: string[] = []
  ann.client.live.onState((state) => states.push(state))
  await openRoom(ann)
  life = 600

  await eventually(() => ann.refreshes >= 2)
  await eventually(async () => {
    await ann.client.outbox.send({ conversationId: room, content: 'hello' })
    return talkers.messages.length > 0
  })
  expect(states).toEqual(['connecting', 'online'])
})

test('a session that the server ends is taken up again only if a refresh succeeds', async () => {
  const talkers = createTalkers()
  await using stage = await talkers.start()
  await using ann = await signIn(() => stage)
  await goOnline(ann)

  stage.announce('accounts', 'sessionEnded', { sessionId: 'session-of-ann', userId: 'ann' })

  await eventually(() => ann.client.live.state() === 'connecting')
  expect(ann.refreshes).toBeGreaterThan(1)
})

test('whoever is signed out while the connection is being made comes back at the next sign-in', async () => {
  const talkers = createTalkers()
  // Takes connections and never answers.
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const sockets = new Set<Socket>()
  silent.on('connection', (socket) => sockets.add(socket))
  const signedIn = { accessToken: 'any', expiresIn: 600, user: { id: 'ann' } }
  let stage: Stage | undefined
  const client = createClient({
    url: `http://127.0.0.1:${port}`,
    tokens: { read: async () => 'refresh', write: async () => {} },
    fetch: async () =>
      Response.json(stage ? { ...signedIn, accessToken: stage.token('ann') } : signedIn),
  })
  await client.resume()
  client.live.connect()
  await eventually(() => sockets.size > 0)

  await client.signOut()
  expect(client.live.state()).toBe('off')
  for (const socket of sockets) socket.destroy()
  silent.close()
  await once(silent, 'close')
  stage = await talkers.start({ port })
  await using _stage = stage
  await client.resume()

  await eventually(() => client.live.state() === 'online')
  client.close()
})
