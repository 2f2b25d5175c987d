import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '../../kit/log.ts'
import { createRabbitTransport } from '../../kit/remote/rabbitmq.ts'
import type { Message, TopicMessage } from '../../kit/remote/transport.ts'
import { eventually } from '../../kit/testing.ts'
import { createRabbitPlace, type RabbitPlace } from './lib/rabbitmq.ts'
import { startRabbitServer } from './lib/rabbitmq-server.ts'

const topic = 'things.happened'
const withinMs = 30_000
const groups = { readers: [topic] }
const keys = Array.from({ length: 10 }, (_, k) => `key${k}`)

let server: Awaited<ReturnType<typeof startRabbitServer>>
beforeAll(async () => {
  server = await startRabbitServer()
}, 120_000)
afterAll(() => server[Symbol.asyncDispose]())

/**
 * Writes and reads without pause while `harm` is done, and then until everything that was taken
 * has arrived. Whoever writes tries again what was not taken, as a relay does.
 */
async function writeAndReadDuring(place: RabbitPlace, harm: () => Promise<void>) {
  const publisher = place.connect('publisher')
  await eventually(() => publisher.ready(), Boolean, withinMs)
  const received: TopicMessage[] = []
  for (const name of ['one', 'two']) {
    await place.connect(name).subscribe('readers', [topic], async (some) => {
      await wait(1)
      received.push(...some)
    })
  }
  const stop = new AbortController()
  const taken: { key: string; n: number }[] = []
  let refusals = 0

  async function write(): Promise<void> {
    for (let n = 0; !stop.signal.aborted; n++) {
      const records = keys.map((key) => ({ key, n }))
      const messages = records.map(({ key }) => ({ topic, key, headers: {}, body: `${n}` }))
      while (!(await isTaken(publisher.publish(messages)))) {
        refusals++
        await wait(20)
      }
      taken.push(...records)
    }
  }

  const writing = write()
  await eventually(() => received.length > 200, Boolean, withinMs)
  await harm()
  const before = taken.length
  await eventually(() => taken.length > before + 200, Boolean, withinMs)
  stop.abort()
  await writing

  // What came again counts from its first time, as it does for an inbox.
  const firsts = () => new Map(received.map(({ key, body }) => [`${key} ${body}`, { key, body }]))
  await eventually(() => firsts().size >= taken.length, Boolean, withinMs)
  const disordered = keys.filter((key) => {
    const numbers = [...firsts().values()]
      .filter((record) => record.key === key)
      .map(({ body }) => Number(body))
    return numbers.some((n, index) => n !== index)
  })
  return { disordered, refusals, taken: taken.length, arrived: firsts().size }
}

async function isTaken(publishing: Promise<void>): Promise<boolean> {
  try {
    await publishing
    return true
  } catch {
    return false
  }
}

test('a broker that stops and starts loses nothing it has taken, and keeps the order', async () => {
  await using place = await createRabbitPlace(groups, {}, server)

  const result = await writeAndReadDuring(place, async () => {
    await server.ctl('stop_app')
    await server.ctl('start_app')
  })

  expect(result.disordered).toEqual([])
  expect(result.arrived).toBe(result.taken)
  expect(result.refusals).toBeGreaterThan(0)
}, 120_000)

test('broken connections lose nothing and keep the order', async () => {
  await using place = await createRabbitPlace(groups, {}, server)

  const result = await writeAndReadDuring(place, async () => {
    for (let times = 0; times < 3; times++) await server.breakConnections()
  })

  expect(result.disordered).toEqual([])
  expect(result.arrived).toBe(result.taken)
}, 120_000)

test('calls fail while the broker is away and pass again when it is back', async () => {
  await using place = await createRabbitPlace(groups, {}, server)
  const [caller, worker] = [place.connect('caller'), place.connect('worker')]
  const answers: Message[] = []
  await caller.openReplies((answer) => answers.push(answer))
  await worker.serveRequests('chat', ({ headers, body }) => {
    void worker.sendReply(headers['reply-to'] ?? '', { key: undefined, headers: {}, body })
  })
  const ask = (body: string) => caller.sendRequest('chat', { key: undefined, headers: {}, body })

  await server.ctl('stop_app')
  await eventually(() => !caller.ready() && !worker.ready(), Boolean, withinMs)
  await expect(ask('away')).rejects.toThrow(/RabbitMQ|CONNECTION_FORCED|ECONNREFUSED/)
  const late = place.connect('late')
  const heard: Message[] = []
  const listen = () => late.onBroadcast((told) => heard.push(told))
  await expect(listen()).rejects.toThrow('RabbitMQ cannot be reached')
  await server.ctl('start_app')

  await eventually(() => late.ready(), Boolean, withinMs)
  await listen()
  await eventually(() => caller.ready() && worker.ready() && late.ready(), Boolean, withinMs)
  await ask('back')
  await eventually(() => answers.length > 0, Boolean, withinMs)
  expect(answers.map(({ body }) => body)).toEqual(['back'])
  caller.broadcast({ key: undefined, headers: {}, body: 'hello' })
  await eventually(() => heard.length === 1, Boolean, withinMs)
}, 120_000)

test('a broker short of memory takes nothing, still delivers, and is forgiven', async () => {
  await using place = await createRabbitPlace(groups, {}, server)
  const publisher = place.connect('publisher')
  await publisher.openReplies(() => undefined)
  await eventually(() => publisher.ready(), Boolean, withinMs)
  const received: TopicMessage[] = []
  const gate = Promise.withResolvers<void>()
  await place.connect('reader').subscribe('readers', [topic], async (some) => {
    await gate.promise
    received.push(...some)
  })
  const record = { topic, key: 'a', headers: {}, body: '1' }
  await publisher.publish([record])

  try {
    await server.ctl('set_vm_memory_high_watermark', 'absolute', '1')
    // The broker tells who publishes; what it had not read by then, it takes when it can.
    const between = publisher.publish([{ ...record, body: '2' }])
    await eventually(() => !publisher.ready(), Boolean, withinMs)
    await expect(publisher.publish([{ ...record, body: '3' }])).rejects.toThrow('short of memory')
    const request = { key: undefined, headers: {}, body: '' }
    await expect(publisher.sendRequest('chat', request)).rejects.toThrow('short of memory')
    gate.resolve()
    await eventually(() => received.length >= 1, Boolean, withinMs)
    await server.ctl('set_vm_memory_high_watermark', '0.4')
    await between
  } finally {
    await server.ctl('set_vm_memory_high_watermark', '0.4')
  }
  await eventually(() => publisher.ready(), Boolean, withinMs)
  await publisher.publish([{ ...record, body: '4' }])

  await eventually(() => received.length === 3, Boolean, withinMs)
  expect(received.map(({ body }) => body)).toEqual(['1', '2', '4'])
}, 120_000)

test('a process closes in seconds, whether or not there is a broker', async () => {
  await using place = await createRabbitPlace(groups, {}, server)
  const config = { ...place.config, RABBITMQ_URL: 'amqp://127.0.0.1:1' }
  const alone = createRabbitTransport({ config, groups, name: 'alone', log: createLog('silent') })
  await expect(alone.publish([{ topic, key: 'a', headers: {}, body: '' }])).rejects.toThrow(
    'not connected',
  )
  await expect(alone.subscribe('readers', [topic], async () => undefined)).rejects.toThrow(
    'RabbitMQ cannot be reached: connect ECONNREFUSED',
  )

  await alone.close()
})

test('a foreign record keeps its id when it is delivered again', async () => {
  await using place = await createRabbitPlace(groups, {}, server)
  const ids: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = place.connect('first')
  await first.subscribe('readers', [topic], async (some) => {
    ids.push(...some.map(({ recordId }) => recordId))
    await gate.promise
  })
  await using stranger = await place.openStranger()
  const channel = await stranger.acquire()
  await channel.basicPublish({ exchange: `${place.prefix}events`, routingKey: topic }, { n: 0 })
  await channel.close()
  await eventually(() => ids.length === 1, Boolean, withinMs)

  await server.breakConnections()
  gate.resolve()

  await eventually(() => ids.length === 2, Boolean, withinMs)
  expect(ids[1]).toBe(ids[0])
})

function happened(key: string, n: number) {
  return { topic, key, headers: {}, body: JSON.stringify({ n }) }
}

test('who tails sees what is published from now on, and is told of a gap', async () => {
  await using place = await createRabbitPlace(groups, {}, server)
  const publisher = place.connect('publisher')
  await eventually(() => publisher.ready(), Boolean, withinMs)
  await publisher.publish([happened('a', 0)])
  const seen: TopicMessage[] = []
  const gaps: number[] = []
  const tailing = place.connect('gateway')
  await tailing.tail(
    [topic],
    (record) => seen.push(record),
    () => gaps.push(seen.length),
  )

  await publisher.publish([
    happened('a', 1),
    happened('b', 2),
    { ...happened('a', 9), topic: 'x.y' },
  ])
  await eventually(() => seen.length === 2, Boolean, withinMs)
  expect(gaps).toEqual([])
  await server.breakConnections()
  await eventually(() => gaps.length === 1 && publisher.ready(), Boolean, withinMs)
  await publisher.publish([happened('a', 3)])

  await eventually(() => seen.length === 3, Boolean, withinMs)
  expect(seen.map(({ body }) => JSON.parse(body).n)).toEqual([1, 2, 3])
  expect(seen[2]).toMatchObject({ topic: 'things.happened', key: 'a' })
})
