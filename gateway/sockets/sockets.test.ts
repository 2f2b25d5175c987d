import { once } from 'node:events'
import net from 'node:net'
import { io } from 'socket.io-client'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { defineContract } from '../../kit/contract.ts'
import { Failure } from '../../kit/failure.ts'
import { eventually } from '../../kit/testing.ts'
import { type Stage, type StageOptions, startStage } from '../../tests/lib/stage.ts'

const Id = z.string().min(1).max(64)
const Line = z.object({ talkId: Id, userId: Id, text: z.string() })
const InTalk = z.strictObject({ talkId: Id })
const room = 'talk:{talkId}'

const talks = defineContract({
  service: 'talks',
  summary: 'Talks for the tests of sockets',
  operations: {
    say: {
      summary: 'Say something',
      socket: '/chat say',
      access: 'member',
      input: z.strictObject({ talkId: Id, text: z.string().min(1) }),
      output: z.object({ userId: z.string(), local: z.boolean() }),
      errors: { talk_closed: 409 },
    },
    enter: {
      summary: 'Hear a talk',
      socket: '/chat enter',
      joins: room,
      replies: 'entered',
      access: 'member',
      input: InTalk,
      output: z.object({ seq: z.int() }),
      errors: { talk_not_found: 404 },
    },
    quit: {
      summary: 'Hear it no more',
      socket: '/chat quit',
      leaves: room,
      access: 'member',
      input: InTalk,
      output: z.object({}),
    },
    watchMany: {
      summary: 'Hear of people',
      socket: '/chat watch',
      joins: 'presence:{userIds}',
      access: 'member',
      input: z.strictObject({ userIds: z.array(Id).max(10) }),
      output: z.object({}),
    },
    listRooms: {
      summary: 'Rooms of a person',
      access: 'internal',
      input: z.strictObject({ userId: Id }),
      output: z.object({ rooms: z.array(z.string()) }),
    },
  },
  events: {
    said: {
      summary: 'Something was said',
      schema: Line,
      key: 'talkId',
      push: [{ socket: '/chat line', room }],
    },
    came: {
      summary: 'Somebody came',
      schema: z.object({ talkId: Id, userId: Id }),
      key: 'talkId',
      rooms: [{ namespace: '/chat', change: 'join', user: 'userId', room }],
      push: [{ socket: '/chat came', room }],
    },
    went: {
      summary: 'Somebody went',
      schema: z.object({ talkId: Id, userId: Id }),
      key: 'talkId',
      rooms: [{ namespace: '/chat', change: 'leave', user: 'userId', room }],
      push: [{ socket: '/chat went', room }],
    },
  },
  signals: {
    writing: {
      summary: 'Somebody writes',
      schema: z.object({ talkId: Id, userId: Id }),
      push: [{ socket: '/chat writing', room, except: 'userId' }],
    },
    seen: {
      summary: 'Somebody is there',
      schema: z.object({ userId: Id }),
      push: [{ socket: '/chat seen', room: 'presence:{userId}' }],
    },
  },
  roomsAtConnect: { '/chat': 'listRooms' },
})

type Handlers = StageOptions['services'][number]['handlers']

function start(handlers: Handlers = {}, options: Omit<StageOptions, 'services'> = {}) {
  return startStage({
    services: [
      {
        contract: talks,
        handlers: {
          listRooms: async () => ({ rooms: ['talk:garden'] }),
          say: async (_input, { actor, client }) => ({ userId: actor.id, local: client.local }),
          enter: async () => ({ seq: 7 }),
          quit: async () => ({}),
          watchMany: async () => ({}),
          ...handlers,
        },
      },
    ],
    ...options,
  })
}

function say(stage: Stage, talkId: string, text: string, userId = 'bob') {
  stage.announce('talks', 'said', { talkId, userId, text })
}

/** Waits for everything on its way to a socket: what is sent last arrives last. */
async function settle(stage: Stage, { heard }: { heard: [string, unknown][] }) {
  const text = `mark ${Math.random()}`
  say(stage, 'garden', text)
  await eventually(
    () => heard,
    (seen) => seen.some(([, payload]) => (payload as { text?: string })?.text === text),
  )
  heard.pop()
}

async function refusalOf(stage: Stage, auth: Record<string, unknown>, headers = {}) {
  const socket = stage.open('/chat', auth, { headers })
  const [error] = await once(socket as never, 'connect_error')
  return error as Error & { data?: Record<string, unknown> }
}

// ── Coming in ───────────────────────────────────────────────────────────────────────────

test('a good token opens a connection, with and without Bearer, and as a header', async () => {
  await using stage = await start()

  for (const [auth, headers] of [
    [{ token: stage.token('ann') }, {}],
    [{ token: `Bearer ${stage.token('ann')}` }, {}],
    [{}, { authorization: `Bearer ${stage.token('ann')}` }],
  ]) {
    const socket = stage.open('/chat', auth as never, { headers: headers as never })
    const [connected] = await once(socket as never, 'connected')
    expect(connected).toEqual({
      userId: 'ann',
      connectionId: socket.id,
      expiresAt: expect.stringMatching(/Z$/),
    })
  }
})

test('missing, garbled, forged and expired tokens are refused with the error body', async () => {
  await using stage = await start()

  for (const auth of [
    {},
    { token: '' },
    { token: 7 },
    { token: { toString: 'x' } },
    { token: 'not.a.token' },
    { token: 'x'.repeat(100_000) },
    { token: stage.token('ann', { forged: true }) },
    { token: stage.token('ann', { expiresInMs: -5_000 }) },
  ]) {
    expect((await refusalOf(stage, auth)).data).toEqual({
      statusCode: 401,
      code: 'unauthenticated',
      message: expect.any(String),
      path: '/chat',
      timestamp: expect.any(String),
      requestId: expect.any(String),
    })
  }
  expect(stage.presence.filter(({ change }) => change !== 'keep')).toEqual([])
})

test('a page of another origin is refused before anything else', async () => {
  await using stage = await start()
  const auth = { token: stage.token('ann') }

  const error = await refusalOf(stage, auth, { origin: 'https://evil.example' })
  expect(error.message).toBe('websocket error')

  const socket = stage.open('/chat', auth, { headers: { origin: 'https://stage.example' } })
  await once(socket as never, 'connected')
})

test('only WebSocket is spoken', async () => {
  await using stage = await start()

  const answer = await fetch(`${stage.url}/socket.io/?EIO=4&transport=polling`)

  expect(answer.status).toBe(400)
})

test('the default namespace refuses and names the others', async () => {
  await using stage = await start()

  const [error] = await once(
    stage.open('/', { token: stage.token('ann') }) as never,
    'connect_error',
  )

  expect(error.data).toMatchObject({ code: 'not_found', message: 'Connect to a namespace: /chat.' })
})

test('one user holds no more connections than allowed, and one address opens no more', async () => {
  await using stage = await start({}, { settings: { SOCKETS_PER_USER: '2' } })
  await stage.connect('ann')
  await stage.connect('ann')
  await expect(stage.connect('ann')).rejects.toMatchObject({ data: { code: 'rate_limited' } })
  await stage.connect('bob')

  await using narrow = await start({}, { settings: { SOCKET_CONNECTS_PER_MINUTE: '2' } })
  await narrow.connect('ann')
  await narrow.connect('bob')
  await expect(narrow.connect('cas')).rejects.toMatchObject({ data: { code: 'rate_limited' } })
})

test('a connection without a namespace is closed', async () => {
  await using stage = await start({}, { timings: { idleMs: 30 } })

  const socket = new WebSocket(
    `${stage.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
  )

  await once(socket as never, 'close')
  expect(stage.sockets.connections()).toBe(0)
})

test('nobody comes in while the rooms cannot be told', async () => {
  await using stage = await start({ listRooms: () => Promise.reject(new Error('secret')) })

  const error = await refusalOf(stage, { token: stage.token('ann') })

  expect(error.data).toMatchObject({ statusCode: 500, code: 'internal' })
  expect(JSON.stringify(error.data) + error.message).not.toContain('secret')
})

test('clients before Socket.IO 3 are welcome only when told so', async () => {
  const query = '/socket.io/?EIO=3&transport=websocket'
  await using strict = await start()
  const refused = new WebSocket(strict.url.replace('http', 'ws') + query)
  await once(refused as never, 'error')

  await using lenient = await start({}, { settings: { SOCKET_OLD_CLIENTS: 'true' } })
  const old = new WebSocket(lenient.url.replace('http', 'ws') + query)
  const heard: string[] = []
  old.addEventListener('message', ({ data }) => heard.push(String(data)))
  await once(old as never, 'open')
  old.send(`40/chat?token=${lenient.token('ann')},`)
  await eventually(() => heard.some((text) => text.startsWith('42/chat,["connected"')))
  old.close()
})

// ── Staying in ──────────────────────────────────────────────────────────────────────────

test('an expired token is told of, and a fresh one of the same user prolongs the connection', async () => {
  await using stage = await start({}, { timings: { renewGraceMs: 60_000 } })
  const ann = await stage.connect('ann', { token: stage.token('ann', { expiresInMs: 1_500 }) })

  await eventually(() => ann.heard.length > 0)
  expect(ann.heard).toEqual([
    [
      'exception',
      expect.objectContaining({
        code: 'unauthenticated',
        message: expect.stringContaining('jwt expired'),
      }),
    ],
  ])
  expect(await ann.call('say', { talkId: 'garden', text: 'hi' })).toMatchObject({
    code: 'unauthenticated',
  })

  expect(await ann.call('session:renew', { token: stage.token('bob') })).toMatchObject({
    code: 'forbidden',
  })
  expect(await ann.call('session:renew', { token: 'nonsense' })).toMatchObject({
    code: 'unauthenticated',
  })
  expect(await ann.call('session:renew', null)).toMatchObject({ code: 'invalid_input' })
  expect(await ann.call('session:renew', { token: stage.token('ann') })).toEqual({
    expiresAt: expect.any(String),
  })
  expect(await ann.call('say', { talkId: 'garden', text: 'hi' })).toMatchObject({ userId: 'ann' })
})

test('a socket that renews nothing is disconnected after a grace', async () => {
  await using stage = await start({}, { timings: { renewGraceMs: 30 } })
  const ann = await stage.connect('ann', { token: stage.token('ann', { expiresInMs: 1_500 }) })

  const [reason] = await once(ann.socket as never, 'disconnect')

  expect(reason).toBe('io server disconnect')
})

test('an ended session and a blocked account lose their sockets at once, and nobody else does', async () => {
  await using stage = await start()
  const one = await stage.connect('ann', { token: stage.token('ann', { sessionId: 's1' }) })
  const two = await stage.connect('ann', { token: stage.token('ann', { sessionId: 's2' }) })
  const bob = await stage.connect('bob')

  stage.announce('accounts', 'sessionEnded', { sessionId: 's1', userId: 'ann' })
  await once(one.socket as never, 'disconnect')
  expect(one.heard.at(-1)).toMatchObject(['exception', { code: 'unauthenticated' }])
  expect(two.socket.connected).toBe(true)

  stage.announce('accounts', 'accountBlocked', { userId: 'ann', reason: 'spam', until: null })
  await once(two.socket as never, 'disconnect')
  expect(bob.socket.connected).toBe(true)
})

test('a session that ends while it is let in does not get in', async () => {
  const asked = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  await using stage = await start({
    async listRooms() {
      asked.resolve()
      await go.promise
      return { rooms: [] }
    },
  })
  const refused = refusalOf(stage, { token: stage.token('ann') })
  await asked.promise
  stage.announce('accounts', 'sessionEnded', { sessionId: 'session-of-ann', userId: 'ann' })
  await eventually(async () => {
    const error = await stage.connect('ann').catch((reason) => reason)
    return error instanceof Error
  })
  go.resolve()

  expect((await refused).data).toMatchObject({ code: 'unauthenticated' })
})

// ── Events of clients ───────────────────────────────────────────────────────────────────

test('an event calls its operation as the person, and the ack is the plain output', async () => {
  await using stage = await start()
  const ann = await stage.connect('ann')

  expect(await ann.call('say', { talkId: 'garden', text: 'hi' })).toEqual({
    userId: 'ann',
    local: false,
  })
})

test('whatever is wrong with an event gets one clear error in its ack', async () => {
  await using stage = await start({
    say: async ({ text }) => {
      if (text === 'refuse') throw new Failure('talk_closed', 409)
      throw new Error('secret')
    },
  })
  const ann = await stage.connect('ann')
  const garden = { talkId: 'garden' }

  for (const [event, args, code] of [
    ['say', [{ ...garden, text: '' }], 'invalid_input'],
    ['say', [{ ...garden, text: 'a', more: 1 }], 'invalid_input'],
    ['say', [], 'invalid_input'],
    ['say', [null], 'invalid_input'],
    ['say', [[]], 'invalid_input'],
    ['say', ['text'], 'invalid_input'],
    ['say', [Buffer.from('abc')], 'invalid_input'],
    ['say', [{ ...garden, text: 'a' }, 'garbage'], 'invalid_input'],
    ['say', [{ ...garden, text: 'refuse' }], 'talk_closed'],
    ['say', [{ ...garden, text: 'break' }], 'internal'],
    ['listRooms', [{ userId: 'bob' }], 'not_found'],
    ['constructor', [{}], 'not_found'],
    ['__proto__', [{}], 'not_found'],
    ['x'.repeat(5_000), [{}], 'not_found'],
  ] as const) {
    const body = (await ann.call(event, ...args)) as Record<string, unknown>
    expect(body, event).toMatchObject({ code, statusCode: expect.any(Number) })
    expect(JSON.stringify(body)).not.toContain('secret')
  }
  expect(ann.heard).toEqual([])
  expect(await ann.call('say', { ...garden, text: '' })).toMatchObject({
    errors: [{ field: 'text' }],
    path: '/chat say',
  })
})

test('without an ack a failure is an exception, and success is silent', async () => {
  await using stage = await start()
  const ann = await stage.connect('ann')

  ann.socket.emit('say', { talkId: 'garden', text: 'fine' })
  ann.socket.emit('say', 'wrong')
  ann.socket.emit('nothing')

  await eventually(() => ann.heard.length === 2)
  expect(ann.heard).toMatchObject([
    ['exception', { code: 'invalid_input', path: '/chat say' }],
    ['exception', { code: 'not_found', path: '/chat nothing' }],
  ])
})

test('an unconfirmed account connects and is refused what is for members', async () => {
  await using stage = await start()
  const ann = await stage.connect('ann', { token: stage.token('ann', { confirmed: false }) })

  expect(await ann.call('say', { talkId: 'garden', text: 'hi' })).toMatchObject({
    code: 'email_unconfirmed',
  })
})

test('a flood is refused event by event, over all sockets of the user', async () => {
  await using stage = await start({}, { settings: { SOCKET_EVENTS_PER_10S: '5' } })
  const one = await stage.connect('ann')
  const two = await stage.connect('ann')
  const bob = await stage.connect('bob')
  const hi = { talkId: 'garden', text: 'hi' }

  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => (index % 2 ? one : two).call('say', hi)),
  )

  const refused = answers.filter((answer) => (answer as { code?: string }).code === 'rate_limited')
  expect(refused).toHaveLength(15)
  expect(await bob.call('say', hi)).toMatchObject({ userId: 'bob' })
})

test('a frame above the limit ends the connection and nothing else', async () => {
  await using stage = await start()
  const ann = await stage.connect('ann')
  const bob = await stage.connect('bob')

  ann.socket.emit('say', { talkId: 'garden', text: 'x'.repeat(1_100_000) })

  await once(ann.socket as never, 'disconnect')
  expect(await bob.call('say', { talkId: 'garden', text: 'hi' })).toMatchObject({ userId: 'bob' })
})

test('packets that break the protocol end the connection and nothing else', async () => {
  await using stage = await start()
  const bob = await stage.connect('bob')

  for (const packet of [
    '4abc',
    '42/chat,{}',
    '42/chat,["connect"]',
    '44/chat,{}',
    '9',
    '42/chat,[',
  ]) {
    const raw = new WebSocket(
      `${stage.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
    )
    await once(raw as never, 'open')
    raw.send(`40/chat,{"token":"${stage.token('ann')}"}`)
    await eventually(async () => {
      raw.send(packet)
      return raw.readyState === WebSocket.CLOSED
    })
  }
  expect(await bob.call('say', { talkId: 'garden', text: 'hi' })).toMatchObject({ userId: 'bob' })
})

// ── Rooms and pushes ────────────────────────────────────────────────────────────────────

test('events reach exactly the rooms they name, in order, once', async () => {
  await using stage = await start({
    listRooms: async ({ userId }) => ({
      rooms: userId === 'eve' ? ['talk:garden', 'talk:cellar'] : ['talk:garden'],
    }),
  })
  const ann = await stage.connect('ann')
  const eve = await stage.connect('eve')
  const texts = Array.from({ length: 50 }, (_, index) => `line ${index}`)

  for (const text of texts) {
    say(stage, 'garden', text)
    say(stage, 'cellar', text)
  }
  await settle(stage, ann)
  await settle(stage, eve)

  const line = (talkId: string, text: string) => ['line', { talkId, userId: 'bob', text }]
  expect(ann.heard.slice(0, 50)).toEqual(texts.map((text) => line('garden', text)))
  expect(eve.heard.slice(0, 100)).toEqual(
    texts.flatMap((text) => [line('garden', text), line('cellar', text)]),
  )
})

test('a signal is not heard by the one it excepts, on none of their sockets', async () => {
  await using stage = await start()
  const ann = await stage.connect('ann')
  const annToo = await stage.connect('ann')
  const bob = await stage.connect('bob')

  stage.bus.signal({
    service: 'talks',
    signal: 'writing',
    payload: { talkId: 'garden', userId: 'ann' },
  })
  for (const person of [ann, annToo, bob]) await settle(stage, person)

  expect(bob.heard[0]).toEqual(['writing', { talkId: 'garden', userId: 'ann' }])
  for (const { heard } of [ann, annToo]) {
    expect(heard.map(([event]) => event)).not.toContain('writing')
  }
})

test('who comes hears it and what follows; who goes hears it and nothing more', async () => {
  await using stage = await start()
  const ann = await stage.connect('ann')

  say(stage, 'cellar', 'before')
  stage.announce('talks', 'came', { talkId: 'cellar', userId: 'ann' })
  say(stage, 'cellar', 'within')
  stage.announce('talks', 'went', { talkId: 'cellar', userId: 'ann' })
  say(stage, 'cellar', 'after')
  await settle(stage, ann)

  expect(ann.heard).toMatchObject([
    ['came', { userId: 'ann' }],
    ['line', { text: 'within' }],
    ['went', { userId: 'ann' }],
  ])
})

test('a leave that comes while the rooms are being fetched wins over the list, a join stays', async () => {
  const asked = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  await using stage = await start({
    async listRooms({ userId }) {
      if (userId !== 'ann') return { rooms: ['talk:garden', 'talk:cellar', 'talk:attic'] }
      asked.resolve()
      await go.promise
      return { rooms: ['talk:garden', 'talk:cellar'] }
    },
  })
  const bob = await stage.connect('bob')
  const connecting = stage.connect('ann')
  await asked.promise
  stage.announce('talks', 'went', { talkId: 'cellar', userId: 'ann' })
  stage.announce('talks', 'came', { talkId: 'attic', userId: 'ann' })
  await eventually(() => bob.heard.length === 2)
  go.resolve()

  const ann = await connecting
  say(stage, 'cellar', 'not for ann')
  say(stage, 'attic', 'for ann')
  await settle(stage, ann)

  expect(ann.heard).toMatchObject([['line', { talkId: 'attic' }]])
})

test('joining misses nothing: what passes during the call follows the answer', async () => {
  const asked = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  await using stage = await start({
    async enter() {
      asked.resolve()
      await go.promise
      return { seq: 7 }
    },
  })
  const ann = await stage.connect('ann')
  ann.socket.emit('enter', { talkId: 'cellar' }, (output: unknown) => {
    ann.heard.push(['ack', output])
  })
  await asked.promise
  say(stage, 'cellar', 'during 1')
  say(stage, 'cellar', 'during 2')
  await settle(stage, ann)
  expect(ann.heard).toEqual([])

  go.resolve()
  await eventually(() => ann.heard.length > 0)
  say(stage, 'cellar', 'after')
  await settle(stage, ann)

  expect(ann.heard).toMatchObject([
    ['ack', { seq: 7 }],
    ['entered', { seq: 7 }],
    ['line', { text: 'during 1' }],
    ['line', { text: 'during 2' }],
    ['line', { text: 'after' }],
  ])
})

test('a refused join leaks nothing, neither during the call nor after it', async () => {
  const asked = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  await using stage = await start({
    async enter() {
      asked.resolve()
      await go.promise
      throw new Failure('talk_not_found', 404)
    },
  })
  const ann = await stage.connect('ann')
  const answer = ann.call('enter', { talkId: 'cellar' })
  await asked.promise
  say(stage, 'cellar', 'secret')
  await settle(stage, ann)
  go.resolve()

  expect(await answer).toMatchObject({ code: 'talk_not_found' })
  say(stage, 'cellar', 'secret')
  await settle(stage, ann)
  expect(ann.heard).toEqual([])
})

test('a refused join does not put out of a room that was open before', async () => {
  await using stage = await start({
    enter: () => Promise.reject(new Failure('talk_not_found', 404)),
  })
  const ann = await stage.connect('ann')

  await ann.call('enter', { talkId: 'garden' })
  say(stage, 'garden', 'still here')
  await settle(stage, ann)

  expect(ann.heard).toMatchObject([['line', { text: 'still here' }]])
})

test('who is put out during a join does not come in by it', async () => {
  const asked = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  await using stage = await start({
    async enter() {
      asked.resolve()
      await go.promise
      return { seq: 7 }
    },
  })
  const ann = await stage.connect('ann')
  const answer = ann.call('enter', { talkId: 'cellar' })
  await asked.promise
  say(stage, 'cellar', 'early')
  stage.announce('talks', 'went', { talkId: 'cellar', userId: 'ann' })
  await settle(stage, ann)
  go.resolve()
  await answer
  say(stage, 'cellar', 'late')
  await settle(stage, ann)

  expect(ann.heard).toMatchObject([['entered', { seq: 7 }]])
})

test('two joins of one room at once are one membership', async () => {
  await using stage = await start()
  const ann = await stage.connect('ann')

  await Promise.all([
    ann.call('enter', { talkId: 'cellar' }),
    ann.call('enter', { talkId: 'cellar' }),
  ])
  say(stage, 'cellar', 'once')
  await settle(stage, ann)
  expect(ann.heard.filter(([event]) => event === 'line')).toHaveLength(1)

  await ann.call('quit', { talkId: 'cellar' })
  say(stage, 'cellar', 'never')
  await settle(stage, ann)
  expect(ann.heard.filter(([event]) => event === 'line')).toHaveLength(1)
})

test('a list of ids joins one room for each', async () => {
  await using stage = await start()
  const ann = await stage.connect('ann')

  await ann.call('watch', { userIds: ['bob', 'cas'] })
  for (const userId of ['bob', 'cas', 'dan']) {
    stage.bus.signal({ service: 'talks', signal: 'seen', payload: { userId } })
  }
  await settle(stage, ann)

  expect(ann.heard).toEqual([
    ['seen', { userId: 'bob' }],
    ['seen', { userId: 'cas' }],
  ])
})

// ── Presence, slowness, going ───────────────────────────────────────────────────────────

test('connections are told of when they open, while they last and when they close', async () => {
  await using stage = await start({}, { timings: { presenceMs: 20 } })
  const ann = await stage.connect('ann')
  const { id } = ann.socket

  await eventually(() =>
    stage.presence.some(({ change, ids }) => change === 'keep' && ids[0] === id),
  )
  ann.socket.disconnect()
  await eventually(() => stage.presence.some(({ change }) => change === 'close'))

  const told = stage.presence.filter(({ change }) => change !== 'keep')
  expect(told).toEqual([
    { change: 'open', ids: [id], userId: 'ann' },
    { change: 'close', ids: [id], userId: 'ann' },
  ])
})

test('a connection that presence has forgotten is opened again', async () => {
  const forgotten: string[] = []
  await using stage = await start({}, { timings: { presenceMs: 20 }, forgotten })
  const ann = await stage.connect('ann')

  forgotten.push(ann.socket.id ?? '')
  await eventually(() => stage.presence.filter(({ change }) => change === 'open').length === 2)
})

test('a reader that does not read is cut off, and the others go on', async () => {
  await using stage = await start({}, { settings: { SOCKET_BUFFER_KB: '64' } })
  const bob = await stage.connect('bob')
  const slow = net.connect(stage.port, '127.0.0.1')
  slow.on('error', () => {})
  slow.write(
    [
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
      'Host: stage',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '\r\n',
    ].join('\r\n'),
  )
  await once(slow, 'data')
  slow.write(maskedFrame(`40/chat,{"token":"${stage.token('ann')}"}`))
  await eventually(() => stage.presence.filter(({ change }) => change === 'open').length === 2)
  slow.pause()

  const closed = () =>
    stage.presence.some(({ change, userId }) => change === 'close' && userId === 'ann')
  await eventually(
    async () => {
      for (let index = 0; index < 50; index++) say(stage, 'garden', 'x'.repeat(20_000))
      return closed()
    },
    Boolean,
    10_000,
  )

  expect(bob.socket.connected).toBe(true)
  slow.destroy()
})

function maskedFrame(text: string): Buffer {
  const body = Buffer.from(text)
  const head = Buffer.from([0x81, 0x80 | 126, body.length >> 8, body.length & 0xff, 0, 0, 0, 0])
  return Buffer.concat([head, body])
}

test('draining tells everybody when to return, closes, and lets nobody in', async () => {
  await using stage = await start()
  const ann = await stage.connect('ann')
  const bob = await stage.connect('bob')
  const gone = Promise.all([ann, bob].map(({ socket }) => once(socket as never, 'disconnect')))

  await stage.sockets.drain()

  expect((await gone).flat().filter((reason) => typeof reason === 'string')).toEqual([
    'transport close',
    'transport close',
  ])
  for (const { heard } of [ann, bob]) {
    expect(heard).toEqual([['reconnect:hint', { inMs: expect.any(Number) }]])
  }
  await expect(stage.connect('ann')).rejects.toThrow('websocket error')
})

test('the metric counts open connections', async () => {
  await using stage = await start()
  await stage.connect('ann')
  await stage.connect('bob')

  const metric = await stage.metrics.registry.getSingleMetricAsString(
    'websocket_connections_active',
  )

  expect(metric).toMatch(/websocket_connections_active\{gateway="[\w-]+"\} 2/)
})

test('a plain Socket.IO client that reconnects by itself comes back after a drain', async () => {
  const first = await start()
  const socket = io(`${first.url}/chat`, {
    auth: (send) => send({ token: current.token('ann') }),
    transports: ['websocket'],
    reconnectionDelay: 10,
    reconnectionDelayMax: 20,
  })
  let current: Stage = first
  await once(socket as never, 'connected')
  await first.sockets.drain()
  await first[Symbol.asyncDispose]()
  await using second = await start({}, { port: first.port })
  current = second

  await once(socket as never, 'connected')
  socket.disconnect()
})
