import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient, memoryTokens } from '../../client/index.ts'
import { chat } from '../../contracts/chat.ts'
import { eventually } from '../../kit/testing.ts'
import { type Person, password, setUp, signUp } from '../lib/people.ts'
import { type Cluster, startCluster } from './lib/cluster.ts'
import { openStranger } from './lib/stranger.ts'

describe.each(['rabbitmq', 'kafka'] as const)('apart, over %s', (kind) => {
  let cluster: Cluster
  let ann: Person
  let bob: Person

  beforeAll(async () => {
    cluster = await startCluster(kind)
    const [first, second] = cluster.gateways
    ann = await setUp(first)
    bob = await signUp(second, 'bob')
  }, 300_000)
  afterAll(() => cluster?.[Symbol.asyncDispose](), 120_000)

  test('whoever signed up at one gateway talks to whoever is at the other', async () => {
    const heard: string[] = []
    const typing: string[] = []
    bob.client.on('message:new', ({ content }) => heard.push(content))
    bob.client.on('user:typing', ({ userId }) => typing.push(userId))
    const { id: conversationId } = await ann.client.api.chat.openDirect({ userId: bob.id })
    for (const { client } of [ann, bob]) {
      client.live.connect()
      await eventually(() => client.live.state() === 'online')
      await client.conversations.open(conversationId)
    }

    await ann.client.api.chat.startTyping({ conversationId })
    for (const content of ['one', 'two', 'three']) {
      await ann.client.outbox.send({ conversationId, content })
    }

    await eventually(() => heard.length === 3)
    expect(heard).toEqual(['one', 'two', 'three'])
    await eventually(() => typing.includes(ann.id))
    const { items } = await bob.client.api.chat.listMessages({ conversationId })
    expect(items.map(({ content }) => content)).toEqual(['three', 'two', 'one'])
  })

  test('somebody who was away gets exactly what was missed, from the other gateway', async () => {
    const { id: conversationId } = await ann.client.api.chat.openDirect({ userId: bob.id })
    await bob.client.conversations.open(conversationId)
    const caughtUp: string[] = []
    bob.client.on('caughtUp', ({ messages }) => {
      caughtUp.push(...messages.map(({ content }) => content))
    })
    bob.client.live.disconnect()
    await ann.client.outbox.send({ conversationId, content: 'while you were away' })
    await eventually(() => ann.client.outbox.entries().length === 0)

    bob.client.live.connect()

    await eventually(() => caughtUp.length > 0)
    expect(caughtUp).toEqual(['while you were away'])
  })

  test('a session that ends at one gateway is over at the other', async () => {
    const [first, second] = cluster.gateways
    const tokens = memoryTokens()
    const here = createClient({ url: first, tokens })
    const { accessToken } = await here.api.accounts.login({ identifier: 'bob', password })
    const ask = async () => {
      const headers = { authorization: `Bearer ${accessToken}` }
      return (await fetch(`${second}/api/v1/users/me`, { headers })).status
    }
    expect(await ask()).toBe(200)

    await here.signOut()

    expect(await eventually(ask, (status) => status !== 200)).toBe(401)
  })

  test('an Idempotency-Key counts at every gateway', async () => {
    const { accessToken } = await ann.client.api.accounts.login({ identifier: 'admin', password })
    const make = (gateway: string) =>
      fetch(`${gateway}/api/v1/conversations/groups`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${accessToken}`,
          'content-type': 'application/json',
          'idempotency-key': '"the same"',
        },
        body: JSON.stringify({ name: 'Once', participantIds: [bob.id] }),
      })

    const [one, other] = await Promise.all(cluster.gateways.map(make))
    const again = await make(cluster.gateways[1])

    expect([one?.status, other?.status].sort()).toEqual([201, expect.toBeOneOf([201, 409])])
    expect(again.status).toBe(201)
    const { items } = await ann.client.api.chat.listConversations({})
    expect(items.filter(({ name }) => name === 'Once')).toHaveLength(1)
  })

  test("somebody else's program reads and writes plain JSON on the bus", async () => {
    const { id: conversationId } = await ann.client.api.chat.openDirect({ userId: bob.id })
    const draft = { conversationId, uuid: crypto.randomUUID(), content: 'from a bridge' }
    await using stranger = await openStranger(kind, cluster.backends.environment)

    await stranger.write('raw-message', conversationId, { ...draft, senderId: bob.id })

    const [shown] = await eventually(
      async () => {
        const { items } = await ann.client.api.chat.listMessages({ conversationId })
        return items.filter(({ uuid }) => uuid === draft.uuid)
      },
      ({ length }) => length > 0,
    )
    expect(shown).toMatchObject({ ...draft, senderId: bob.id })
    const read = await eventually(
      () => stranger.read('ready-message'),
      (messages) => messages.some(({ uuid }) => uuid === draft.uuid),
    )
    const { messageReady } = chat.events
    const announced = read.find(({ uuid }) => uuid === draft.uuid)
    expect(messageReady.schema.parse(announced)).toEqual(announced)
  })

  test('the audit trail has what services announce, and what others write', async () => {
    await using stranger = await openStranger(kind, cluster.backends.environment)
    const entry = {
      action: 'door.opened',
      outcome: 'success',
      actorId: null,
      subjectId: bob.id,
      ip: '192.0.2.7',
      userAgent: 'a door',
      detail: {},
      at: new Date().toISOString(),
    }

    await stranger.write('audit.record', entry.action, entry)

    const { api } = ann.client
    const listed = async (action: string) => (await api.audit.listAudit({ action })).items
    const isThere = (items: unknown[]) => items.length > 0
    expect(await eventually(() => listed('door.opened'), isThere)).toMatchObject([
      { ...entry, service: 'audit.record' },
    ])
    const registered = await eventually(() => listed('account.registered'), isThere)
    expect(registered).toMatchObject([
      { subjectId: bob.id, outcome: 'success', service: 'accounts' },
    ])
  })

  test('whoever goes is seen to go at the other gateway', async () => {
    const gone: string[] = []
    ann.client.on('user:offline', ({ userId }) => gone.push(userId))
    await ann.client.api.users.watchPresence({ userIds: [bob.id] })

    bob.client.live.disconnect()

    await eventually(() => gone.includes(bob.id), Boolean, 20_000)
    bob.client.live.connect()
  })

  test('every process says how it is, and what it counts', async () => {
    for (const { url, names } of cluster.parts) {
      const health = await (await fetch(`${url}/health`)).json()
      expect(health).toMatchObject({
        status: 'ok',
        info: { database: { status: 'up' }, bus: { status: 'up' }, memory: { status: 'up' } },
      })
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('stoa_call_duration_seconds')
      if (names.includes('gateway')) continue
      const elsewhere = await fetch(`${url}/api/v1/users/me`)
      expect(await elsewhere.json()).toMatchObject({ statusCode: 404, code: 'not_found' })
    }
  })

  test('processes that are told to stop finish first: no call fails meanwhile', async () => {
    const { id: conversationId } = await ann.client.api.chat.openDirect({ userId: bob.id })
    const stopping = cluster.parts.filter((_, n) => n === 3 || n === 5)
    let stopped: Promise<unknown> | undefined
    const seqs: number[] = []
    for (let n = 0; n < 100; n++) {
      const draft = { conversationId, uuid: crypto.randomUUID(), content: `${n}` }
      const { seq } = await ann.client.api.chat.sendMessage(draft)
      seqs.push(seq)
      if (n === 20) stopped = Promise.all(stopping.map((part) => part.stop()))
    }

    await stopped
    expect(seqs.every((seq, n) => n === 0 || seq === (seqs[n - 1] ?? 0) + 1)).toBe(true)
  })
})
