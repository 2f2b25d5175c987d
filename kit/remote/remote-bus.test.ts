import { expect, test } from 'vitest'
import * as z from 'zod'
import { createMemoryBroker } from '../../tests/backends/lib/memory-broker.ts'
import type { Bus } from '../bus.ts'
import { createAnswer, createClients } from '../call.ts'
import { startCall } from '../context.ts'
import { defineContract } from '../contract.ts'
import { kitFailure } from '../failure.ts'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { eventually } from '../testing.ts'
import { createBreaker, createRetryBudget } from './breaker.ts'
import { createRemoteBus, type RemoteBusOptions } from './remote-bus.ts'
import { createServiceTokens } from './tokens.ts'
import type { Transport } from './transport.ts'

const number = z.object({ n: z.int() })
const input = z.strictObject({ n: z.int() })

const counts = defineContract({
  service: 'counts',
  summary: 'What the tests of the remote bus call',
  operations: {
    read: { summary: 'Read', access: 'internal', idempotent: true, input, output: number },
    write: { summary: 'Write', access: 'internal', input, output: number },
  },
})

type Broker = ReturnType<typeof createMemoryBroker>

async function join(broker: Broker, name: string, detail: Partial<RemoteBusOptions> = {}) {
  const bus = createRemoteBus({
    transport: broker.connect(name),
    serviceKey: 'a key that all processes of it share',
    log: createLog('silent'),
    metrics: createMetrics(),
    ...detail,
  })
  await eventually(() => bus.ready())
  return bus
}

const observers = { log: createLog('silent'), metrics: createMetrics() }

/** Serves with a handler that hears how often it has been asked. */
async function serve(bus: Bus, handler: (n: number, times: number) => Promise<unknown>) {
  let times = 0
  const both = async ({ n }: { n: number }) => {
    times++
    return handler(n, times)
  }
  await bus.serve(counts, createAnswer(counts, { read: both, write: both }, observers))
  return { times: () => times }
}

test('what may be repeated is repeated when no answer comes, and nothing else', async () => {
  const broker = createMemoryBroker()
  const worker = await join(broker, 'worker')
  const asked = await serve(worker, async (n, times) =>
    times === 1 ? new Promise(() => undefined) : { n },
  )
  const metrics = createMetrics()
  const caller = await join(broker, 'caller', { metrics })
  const { counts: client } = createClients(caller, 'test', { counts })

  const call = () => startCall('test', { deadline: Date.now() + 600 })
  expect(await client.read({ n: 1 }, call())).toEqual({ n: 1 })
  expect(asked.times()).toBe(2)
  expect((await metrics.callsRepeated.get()).values[0]?.value).toBe(1)

  const other = await join(broker, 'other')
  const silent = await serve(other, () => new Promise(() => undefined))
  await worker.close()
  await expect(client.write({ n: 1 }, call())).rejects.toMatchObject({ code: 'unavailable' })
  expect(silent.times()).toBe(1)
})

test('an answer of unavailable is asked for again where that is harmless', async () => {
  const broker = createMemoryBroker()
  const worker = await join(broker, 'worker')
  const asked = await serve(worker, async (n, times) => {
    if (times === 1) throw kitFailure('unavailable')
    return { n }
  })
  const { counts: client } = createClients(await join(broker, 'caller'), 'test', { counts })

  expect(await client.read({ n: 2 }, startCall('test'))).toEqual({ n: 2 })
  expect(asked.times()).toBe(2)
})

test('repeats stay within a fifth of the traffic', async () => {
  const budget = createRetryBudget()
  const spendAll = () => {
    let spent = 0
    while (budget.spend()) spent++
    return spent
  }
  expect(spendAll()).toBe(10)
  for (let i = 0; i < 30; i++) budget.earn()
  expect(spendAll()).toBeGreaterThanOrEqual(5)
  expect(spendAll()).toBe(0)
})

test('a breaker opens after failures in a row, lets one try, and closes on success', () => {
  let now = 0
  const changes: boolean[] = []
  const breaker = createBreaker(
    (isOpen) => changes.push(isOpen),
    () => now,
  )
  for (let i = 0; i < 9; i++) breaker.fail()
  breaker.succeed()
  for (let i = 0; i < 10; i++) {
    expect(breaker.allows()).toBe(true)
    breaker.fail()
  }
  expect(breaker.allows()).toBe(false)
  now = 1_001
  expect([breaker.allows(), breaker.allows()]).toEqual([true, false])
  breaker.fail()
  expect(breaker.allows()).toBe(false)
  now = 2_002
  expect(breaker.allows()).toBe(true)
  breaker.succeed()
  expect([breaker.allows(), breaker.allows()]).toEqual([true, true])
  expect(changes).toEqual([true, false])
})

test('a broker that is away is unavailable at once, and works when it is back', async () => {
  const broker = createMemoryBroker()
  const worker = await join(broker, 'worker')
  await serve(worker, async (n) => ({ n }))
  const caller = await join(broker, 'caller')
  const { counts: client } = createClients(caller, 'test', { counts })

  broker.setDown(true)
  expect(caller.ready()).toBe(false)
  await expect(client.write({ n: 1 }, startCall('test'))).rejects.toMatchObject({
    code: 'unavailable',
    status: 503,
  })
  broker.setDown(false)
  expect(await client.write({ n: 1 }, startCall('test'))).toEqual({ n: 1 })
})

test('a process can start while the broker is away, and is not ready until it comes', async () => {
  const broker = createMemoryBroker()
  broker.setDown(true)
  const bus = createRemoteBus({
    transport: broker.connect('early'),
    serviceKey: 'a key that all processes of it share',
    ...observers,
  })
  await serve(bus, async (n) => ({ n }))
  const { counts: client } = createClients(bus, 'test', { counts })
  expect(bus.ready()).toBe(false)
  await expect(client.read({ n: 1 }, startCall('test'))).rejects.toMatchObject({
    code: 'unavailable',
  })
  broker.setDown(false)
  await eventually(() => bus.ready())
  expect(await client.read({ n: 1 }, startCall('test'))).toEqual({ n: 1 })
})

test('another release is understood as far as it can be, and refused by name beyond', async () => {
  const broker = createMemoryBroker()
  const worker = await join(broker, 'worker')
  await serve(worker, async (n) => ({ n }))
  const caller = await join(broker, 'caller')
  const { read, write } = counts.operations
  const other = defineContract({
    ...counts,
    operations: {
      read: { ...read, output: z.object({ n: z.int(), more: z.string().optional() }) },
      write: { ...write, output: z.object({ n: z.string() }) },
    },
  })
  const { other: client } = createClients(caller, 'test', { other })

  expect(await client.read({ n: 1 }, startCall('test'))).toEqual({ n: 1 })
  await expect(client.write({ n: 1 }, startCall('test'))).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('counts.write'),
  })

  const newer = defineContract({
    ...counts,
    operations: { ...counts.operations, read: { ...read, input: input.extend({ x: z.int() }) } },
  })
  const { newer: newerClient } = createClients(caller, 'test', { newer })
  await expect(newerClient.read({ n: 1, x: 1 }, startCall('test'))).rejects.toMatchObject({
    code: 'invalid_input',
    message: expect.stringContaining('incompatible release'),
    errors: [expect.objectContaining({ field: 'x' })],
  })
})

test('an answer that is too large becomes a failure, and the caller hears of it', async () => {
  const broker = createMemoryBroker({ maxBodyBytes: 1_000 })
  const large = defineContract({
    service: 'large',
    summary: 'Large answers',
    operations: {
      get: {
        summary: 'Get',
        access: 'internal',
        input: z.strictObject({}),
        output: z.object({ text: z.string() }),
      },
    },
  })
  const worker = await join(broker, 'worker')
  const handlers = { get: async () => ({ text: 'x'.repeat(2_000) }) }
  await worker.serve(large, createAnswer(large, handlers, observers))
  const { large: client } = createClients(await join(broker, 'caller'), 'test', { large })

  await expect(client.get({}, startCall('test'))).rejects.toMatchObject({
    code: 'internal',
    message: expect.stringContaining('too large'),
  })
})

test('calls that are under way are answered before a bus has closed', async () => {
  const broker = createMemoryBroker()
  const worker = await join(broker, 'worker')
  const release = Promise.withResolvers<void>()
  const asked = await serve(worker, async (n) => {
    await release.promise
    return { n }
  })
  const { counts: client } = createClients(await join(broker, 'caller'), 'test', { counts })
  const answer = client.write({ n: 1 }, startCall('test'))
  await eventually(() => asked.times() === 1)
  const closed = worker.close()
  release.resolve()
  expect(await answer).toEqual({ n: 1 })
  await closed
})

test('a watcher that could not be heard for a while is told of the gap', async () => {
  const broker = createMemoryBroker()
  const bus = await join(broker, 'bus')
  broker.setDown(true)
  let gaps = 0
  await bus.watch(
    ['counts.changed'],
    () => undefined,
    () => gaps++,
  )
  expect(bus.ready()).toBe(false)
  broker.setDown(false)
  await eventually(() => gaps === 1)
  expect(bus.ready()).toBe(true)
})

test('an event that is published twice is shown once to a watcher', async () => {
  const broker = createMemoryBroker()
  const bus = await join(broker, 'bus')
  const seen: string[] = []
  await bus.watch(['counts.changed'], ({ id }) => seen.push(id))
  const transport: Transport = broker.connect('raw')
  const headers = (id: string) => ({ 'event-id': id, service: 'counts', event: 'changed' })
  for (const id of ['1', '2', '1', '3']) {
    await transport.publish([
      { topic: 'counts.changed', key: 'a', headers: headers(id), body: '{}' },
    ])
  }
  expect(seen).toEqual(['1', '2', '3'])
})

test('a listener that throws keeps nothing from the others', async () => {
  const broker = createMemoryBroker()
  const bus = await join(broker, 'bus')
  const seen: unknown[] = []
  for (const listen of [
    () => {
      throw new Error('a bug of the listener')
    },
    (record: unknown) => seen.push(record),
  ]) {
    await bus.watch(['counts.changed'], listen)
    bus.onSignal(listen)
  }
  await bus.produce('counts.changed', 'a', {})
  bus.signal({ service: 'counts', signal: 'ticked', payload: {} })
  await eventually(() => seen.length === 2)
})

test('writing to an entrance while the broker is away is unavailable', async () => {
  const broker = createMemoryBroker()
  const bus = await join(broker, 'bus')
  broker.setDown(true)
  await expect(bus.produce('raw', 'a', {})).rejects.toMatchObject({ code: 'unavailable' })
})

test('a service key that is too short is refused', () => {
  expect(() => createServiceTokens('short')).toThrow('32 characters')
})

test('a service token is good for its service, for a minute', () => {
  let now = 1_000_000_000_000
  const tokens = createServiceTokens('a key that all processes of it share', () => now)
  const token = tokens.mint('chat', 'users')
  expect(tokens.verify(token, 'users')).toBe('chat')
  expect(tokens.verify(token, 'accounts')).toBeUndefined()
  expect(tokens.mint('chat', 'users')).toBe(token)
  now += 31_000
  expect(tokens.mint('chat', 'users')).not.toBe(token)
  expect(tokens.verify(token, 'users')).toBe('chat')
  now += 40_000
  expect(tokens.verify(token, 'users')).toBeUndefined()
})
