import { expect, test } from 'vitest'
import { createLog } from '../../kit/log.ts'
import { createRabbitTransport } from '../../kit/remote/rabbitmq.ts'
import { declareTopology, partitionOf } from '../../kit/remote/rabbitmq-topology.ts'
import { header, type Message, type TopicMessage } from '../../kit/remote/transport.ts'
import { eventually } from '../../kit/testing.ts'
import { createRabbitPlace } from './lib/rabbitmq.ts'

const log = createLog('silent')
const groups = { readers: ['things.happened', 'raw-thing'] }

function message(body: unknown, detail: Partial<Message> = {}): Message {
  return { key: undefined, headers: {}, body: JSON.stringify(body), ...detail }
}

function happened(key: string, n: number) {
  return { ...message({ n }, { key }), topic: 'things.happened' }
}

function numbers(messages: readonly Message[], key?: string): number[] {
  return messages
    .filter((each) => key === undefined || each.key === key)
    .map(({ body }) => JSON.parse(body).n)
}

test('a request is answered at the address that the broker gives it', async () => {
  await using place = await createRabbitPlace(groups)
  const [caller, worker] = [place.connect('caller'), place.connect('worker')]
  const answers: Message[] = []
  const address = await caller.openReplies((answer) => answers.push(answer))
  await worker.serveRequests('chat', ({ headers, body, key }) => {
    const answer = {
      key: undefined,
      headers: { [header.correlationId]: '7' },
      body: `${key}${body}`,
    }
    void worker.sendReply(headers[header.replyTo] ?? '', answer)
  })

  await eventually(() => worker.ready())
  const headers = { [header.replyTo]: address, 'x-ünï': 'ä\n' }
  await caller.sendRequest('chat', message({ text: 'ä' }, { key: 'k', headers }))

  await eventually(() => answers.length === 1)
  expect(answers[0]).toEqual({
    key: undefined,
    headers: { [header.correlationId]: '7' },
    body: 'k{"text":"ä"}',
  })
})

test('an answer goes to no queue but one for answers', async () => {
  await using place = await createRabbitPlace(groups)
  const worker = place.connect('worker')
  await eventually(() => worker.ready())

  await expect(worker.sendReply(`${place.prefix}readers.0`, message(1))).rejects.toThrow(
    'no place for',
  )
})

test('a request to a service that nobody works for fails at once', async () => {
  await using place = await createRabbitPlace(groups)
  const caller = place.connect('caller')
  await caller.openReplies(() => undefined)

  await expect(caller.sendRequest('nobody', message(1))).rejects.toThrow(
    `${place.prefix}rpc.nobody`,
  )
})

test('requests that nobody waits for any more do not pile up', async () => {
  await using place = await createRabbitPlace(groups)
  const caller = place.connect('caller')
  await caller.openReplies(() => undefined)
  const first = place.connect('first')
  await first.serveRequests('chat', () => undefined)
  await first.drain()
  await using stranger = await place.openStranger()
  const depth = async () =>
    (await stranger.queueDeclare({ queue: `${place.prefix}rpc.chat`, passive: true })).messageCount

  const headers = { [header.deadline]: String(Date.now() + 1_000) }
  await caller.sendRequest('chat', message('late', { headers }))
  expect(await depth()).toBe(1)
  await eventually(depth, (count) => count === 0)
  await caller.sendRequest('chat', message('in time'))
  const received: Message[] = []
  await place.connect('second').serveRequests('chat', (request) => received.push(request))

  await eventually(() => received.length > 0)
  expect(received.map(({ body }) => body)).toEqual(['"in time"'])
})

test('workers share requests, and one that leaves loses none', async () => {
  await using place = await createRabbitPlace(groups)
  const caller = place.connect('caller')
  await caller.openReplies(() => undefined)
  const seen: Record<string, Message[]> = { stays: [], leaves: [] }
  const leaving = place.connect('leaves')
  await leaving.serveRequests('chat', (request) => seen.leaves?.push(request))
  await place.connect('stays').serveRequests('chat', (request) => seen.stays?.push(request))

  const sent = Array.from({ length: 2_000 }, (_, n) => n)
  let drained: Promise<void> | undefined
  for (let from = 0; from < sent.length; from += 100) {
    if (from === 1_000) drained = leaving.drain()
    await Promise.all(
      sent.slice(from, from + 100).map((n) => caller.sendRequest('chat', message({ n }))),
    )
  }
  await drained
  const all = () => numbers([...(seen.stays ?? []), ...(seen.leaves ?? [])])

  await eventually(() => all().length >= sent.length)
  expect(all().toSorted((a, b) => a - b)).toEqual(sent)
  expect(seen.leaves?.length).toBeGreaterThan(200)
})

test('a request that another worker may have done is not done again', async () => {
  await using place = await createRabbitPlace(groups)
  const caller = place.connect('caller')
  await caller.openReplies(() => undefined)
  const first = place.connect('first')
  await first.serveRequests('chat', () => undefined)
  await first.drain()
  await using stranger = await place.openStranger()
  const channel = await stranger.acquire()
  const { promise: taken, resolve } = Promise.withResolvers<unknown>()
  await channel.basicConsume({ queue: `${place.prefix}rpc.chat` }, resolve)
  await caller.sendRequest('chat', message('first'))
  await taken
  await channel.close()

  const received: Message[] = []
  await place.connect('second').serveRequests('chat', (request) => received.push(request))
  await caller.sendRequest('chat', message('second'))

  await eventually(() => received.length > 0)
  expect(received.map(({ body }) => body)).toEqual(['"second"'])
})

test('records reach a group once, in order per key, whoever of it reads', async () => {
  await using place = await createRabbitPlace(groups)
  const received: TopicMessage[] = []
  for (const name of ['one', 'two']) {
    await place.connect(name).subscribe('readers', groups.readers, async (some) => {
      received.push(...some)
    })
  }
  const publisher = place.connect('publisher')
  await eventually(() => publisher.ready())

  const records = Array.from({ length: 1_000 }, (_, n) => ({
    ...happened(`key${n % 20}`, n),
    ...(n % 3 === 0 && { topic: 'raw-thing' }),
  }))
  await publisher.publish(records)

  await eventually(() => received.length >= records.length)
  expect(received).toHaveLength(records.length)
  for (const key of new Set(records.map((record) => record.key))) {
    expect(numbers(received, key)).toEqual(numbers(records, key))
  }
  const byNumber = new Map(received.map((each) => [JSON.parse(each.body).n, each.topic]))
  expect(records.every(({ topic }, n) => byNumber.get(n) === topic)).toBe(true)
})

test('a batch that fails comes again before anything that is behind it', async () => {
  await using place = await createRabbitPlace(groups, { RABBITMQ_PARTITIONS: '1' })
  const publisher = place.connect('publisher')
  await eventually(() => publisher.ready())
  const tried: number[][] = []
  const done: number[] = []
  await place.connect('reader').subscribe('readers', groups.readers, async (some) => {
    tried.push(numbers(some))
    if (tried.length <= 2) throw new Error('not yet')
    done.push(...numbers(some))
  })

  for (let n = 0; n < 20; n++) await publisher.publish([happened('a', n)])

  await eventually(() => done.length === 20)
  expect(done).toEqual(Array.from({ length: 20 }, (_, n) => n))
  expect(tried[1]).toEqual(tried[0])
  expect(tried[2]).toEqual(tried[0])
})

test('a member that leaves ends its batch, and the next one goes on behind it', async () => {
  await using place = await createRabbitPlace(groups, { RABBITMQ_PARTITIONS: '1' })
  const publisher = place.connect('publisher')
  await eventually(() => publisher.ready())
  const order: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = place.connect('first')
  await first.subscribe('readers', groups.readers, async (some) => {
    order.push(`first takes ${numbers(some)}`)
    await gate.promise
    order.push(`first has done ${numbers(some)}`)
  })
  await publisher.publish([happened('a', 0)])
  await eventually(() => order.length === 1)
  await place.connect('second').subscribe('readers', groups.readers, async (some) => {
    order.push(...numbers(some).map((n) => `second does ${n}`))
  })
  await publisher.publish([happened('a', 1), happened('a', 2)])

  const drained = first.drain()
  gate.resolve()
  await drained

  await eventually(() => order.length === 4)
  expect(order).toEqual(['first takes 0', 'first has done 0', 'second does 1', 'second does 2'])
})

test('what others write is read whatever it is', async () => {
  await using place = await createRabbitPlace(groups)
  const received: TopicMessage[] = []
  await place.connect('reader').subscribe('readers', groups.readers, async (some) => {
    received.push(...some)
  })
  await using stranger = await place.openStranger()
  const channel = await stranger.acquire()
  await channel.confirmSelect()
  const write = { exchange: `${place.prefix}events`, routingKey: 'raw-thing', timestamp: 1 }

  await channel.basicPublish(write, { n: 0 })
  await channel.basicPublish(
    { ...write, messageId: 'mine', headers: { key: 'k', a: 1, b: {} } },
    '',
  )
  await channel.basicPublish(write, Buffer.from([0xff, 0x00, 0x7b]))
  await channel.basicPublish({ ...write, contentType: 'application/json' }, Buffer.from('{oops'))
  await channel.basicPublish({ ...write, routingKey: 'raw-thing.5' }, 'null')
  await channel.close()

  await eventually(() => received.length === 5)
  const inPartition0 = received.filter(({ body }) => body !== 'null')
  expect(inPartition0.map(({ body }) => body)).toEqual(['{"n":0}', '', '\ufffd\u0000{', '{oops'])
  expect(inPartition0[1]).toEqual({
    topic: 'raw-thing',
    key: 'k',
    headers: { a: '1' },
    body: '',
    recordId: 'mine',
  })
  expect(new Set(received.map(({ recordId }) => recordId)).size).toBe(5)
  expect(received.every(({ topic }) => topic === 'raw-thing')).toBe(true)
})

test('what is not set up is refused with a word on what to do', async () => {
  await using place = await createRabbitPlace(groups)
  const transport = place.connect('one')
  // All of a group's queues are looked for at once: any of those that are missing is named.
  await expect(transport.subscribe('others', [], async () => undefined)).rejects.toThrow(
    new RegExp(`^RabbitMQ has no "${place.prefix}others\\.\\d": run "stoa topics" first\\.$`),
  )

  const elsewhere = { ...place.config, RABBITMQ_PREFIX: 'other.' }
  const lost = createRabbitTransport({ config: elsewhere, groups, name: 'two', log })
  try {
    await expect(
      lost.tail(
        ['raw-thing'],
        () => undefined,
        () => undefined,
      ),
    ).rejects.toThrow('RabbitMQ has no "other.events": run "stoa topics" first.')
    const failure = () => lost.publish([happened('a', 1)]).catch(({ message }) => message)
    await eventually(failure, (text) => String(text).includes('run "stoa topics" first.'))
    expect(lost.ready()).toBe(false)
  } finally {
    await lost.close()
  }
})

test('another number of partitions is refused, by the command and by a process', async () => {
  await using place = await createRabbitPlace(groups)
  const config = { ...place.config, RABBITMQ_PARTITIONS: 3 }

  await declareTopology(place.config, groups)
  const text = 'set up with 8 partitions, and RABBITMQ_PARTITIONS is 3'
  await expect(declareTopology(config, groups)).rejects.toThrow(text)
  const transport = createRabbitTransport({ config, groups, name: 'one', log })
  try {
    await expect(transport.onBroadcast(() => undefined)).rejects.toThrow(text)
  } finally {
    await transport.close()
  }
})

test('a record that its readers would miss is not taken', async () => {
  await using place = await createRabbitPlace(groups)
  const publisher = place.connect('publisher')
  await eventually(() => publisher.ready())
  await using stranger = await place.openStranger()
  await stranger.queueDelete({ queue: `${place.prefix}readers.${partitionOf('a', 8)}` })

  await expect(publisher.publish([happened('a', 1)])).rejects.toThrow('has no queue for')
  await publisher.publish([{ ...happened('a', 1), topic: 'nobody.listens' }])
})

test('what is told to all reaches every process that listens, the teller too', async () => {
  await using place = await createRabbitPlace(groups)
  const transports = ['one', 'two'].map((name) => place.connect(name))
  const heard: string[] = []
  for (const [n, transport] of transports.entries()) {
    await transport.onBroadcast(({ body }) => heard.push(`${n} hears ${body}`))
  }
  await eventually(() => transports.every((transport) => transport.ready()))

  transports[0]?.broadcast(message('hello'))

  await eventually(() => heard.length === 2)
  expect(heard.toSorted()).toEqual(['0 hears "hello"', '1 hears "hello"'])
})
