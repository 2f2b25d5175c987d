import { expect, test } from 'vitest'
import type { EventRecord } from '../../kit/bus.ts'
import { eventually } from '../../kit/testing.ts'
import type { CreateBuses } from './lib/network.ts'
import { things } from './lib/suite-contract.ts'
import { createOutboxInMemory } from './lib/things.ts'

export const topics = ['things.happened', 'ended-thing']

/** Events and signals, as every bus carries them. */
export function describeEvents(create: CreateBuses): void {
  test('an event reaches every group whole', async () => {
    await using buses = await create()
    const bus = await buses.join('one')
    const outbox = createOutboxInMemory()
    const seen: Record<string, EventRecord[]> = { first: [], second: [] }
    for (const [group, records] of Object.entries(seen)) {
      await bus.subscribe(group, topics, async (some) => void records.push(...some))
    }
    await bus.relay(outbox.log)

    const record = outbox.add('happened', { key: 'ä\n', n: 1 })
    await eventually(() => seen.first?.length && seen.second?.length, Boolean, 15_000)
    expect(seen).toEqual({ first: [record], second: [record] })
  })

  test('events of one key keep their order, over all events of the service', async () => {
    await using buses = await create()
    const bus = await buses.join('one')
    const outbox = createOutboxInMemory()
    const seen: EventRecord[] = []
    await bus.subscribe('group', topics, async (some) => void seen.push(...some))
    await bus.relay(outbox.log)

    for (let n = 1; n <= 300; n++) {
      outbox.add(n % 2 ? 'happened' : 'ended', { key: `key${n % 5}`, n })
    }
    await eventually(
      () => seen.length,
      (length) => length >= 300,
      15_000,
    )
    for (const key of [0, 1, 2, 3, 4].map((k) => `key${k}`)) {
      const numbers = seen.filter((record) => record.key === key).map(numberOf)
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    }
  })

  test('a watcher sees what is announced from now on, in order', async () => {
    await using buses = await create()
    const bus = await buses.join('one')
    const outbox = createOutboxInMemory()
    const seen: EventRecord[] = []
    await bus.watch(topics, (record) => seen.push(record))
    await bus.relay(outbox.log)

    const records = [1, 2, 3].map((n) => outbox.add('happened', { key: 'a', n }))
    await eventually(
      () => seen.length,
      (length) => length === 3,
    )
    expect(seen).toEqual(records)
  })

  test('what is written to an entrance arrives at its readers', async () => {
    await using buses = await create()
    const bus = await buses.join('one')
    const seen: EventRecord[] = []
    await bus.subscribe('group', ['raw-thing'], async (some) => void seen.push(...some))

    await bus.produce('raw-thing', 'a', { key: 'a', n: 1 })
    await eventually(() => seen.length === 1, Boolean, 15_000)
    expect(seen[0]).toMatchObject({
      service: 'raw-thing',
      event: 'raw-thing',
      topic: 'raw-thing',
      key: 'a',
      payload: { key: 'a', n: 1 },
    })
  })

  test('a signal reaches every process that listens, the sender included', async () => {
    await using buses = await create()
    const [one, two] = [await buses.join('one'), await buses.join('two')]
    const heard: Record<string, unknown[]> = { one: [], two: [] }
    one.onSignal((record) => heard.one?.push(record))
    two.onSignal((record) => heard.two?.push(record))
    await eventually(() => one.ready() && two.ready())

    const record = { service: things.service, signal: 'ticked', payload: { n: 1 } }
    one.signal(record)
    await eventually(() => heard.one?.length && heard.two?.length)
    expect(heard).toEqual({ one: [record], two: [record] })
  })
}

export function numberOf({ payload }: Pick<EventRecord, 'payload'>): number {
  return (payload as { n: number }).n
}
