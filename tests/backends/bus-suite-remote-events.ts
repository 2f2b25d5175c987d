import { expect, test } from 'vitest'
import { createSqliteStores, type Store } from '../../kit/db/store.ts'
import { hostService } from '../../kit/host.ts'
import { createLog } from '../../kit/log.ts'
import { createMetrics } from '../../kit/metrics.ts'
import { eventually, temporaryFolder } from '../../kit/testing.ts'
import { numberOf, topics } from './bus-suite-events.ts'
import type { Network } from './lib/network.ts'
import { createNotesService, type NoteTables } from './lib/notes-service.ts'
import { dropSharedStore, openSharedStores } from './lib/shared-stores.ts'
import { createOutboxInMemory } from './lib/things.ts'

const within = 30_000

/** Events between processes that come, go and die. */
export function describeRemoteEvents(create: () => Promise<Network>): void {
  async function openRelay(network: Network) {
    const bus = await network.join('relay')
    const outbox = createOutboxInMemory()
    await bus.relay(outbox.log)
    return { bus, outbox }
  }

  test('instances share a group while they come, go and die: nothing is lost, order is kept', async () => {
    await using network = await create()
    const { outbox } = await openRelay(network)
    const subscribe = { group: 'group', topics, effectMs: 1 }
    const instances = [await network.spawn({ name: 'one', serve: false, subscribe })]
    const applied = () =>
      network.reports.flatMap((report) => (report.is === 'applied' ? [report] : []))
    let n = 0
    function add(count: number): void {
      for (let i = 0; i < count; i++) {
        n++
        outbox.add(n % 2 ? 'happened' : 'ended', { key: `key${n % 11}`, n })
      }
    }

    add(100)
    instances.push(await network.spawn({ name: 'two', serve: false, subscribe }))
    add(100)
    instances.push(await network.spawn({ name: 'three', serve: false, subscribe }))
    add(100)
    await eventually(() => new Set(applied().map(({ n }) => n)).size >= 150, Boolean, within)
    await instances[0]?.kill()
    add(100)
    await instances[1]?.close()
    add(100)
    await eventually(
      () => new Set(applied().map(({ n }) => n)).size,
      (size) => size === 500,
      within,
    )
    const first = new Map<number, string>()
    for (const { n, key } of applied()) if (!first.has(n)) first.set(n, key)
    for (const ofKey of Map.groupBy([...first], ([, key]) => key).values()) {
      const numbers = ofKey.map(([number]) => number)
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    }
  }, 90_000)

  test('an event is delivered again when its reader dies before the effect', async () => {
    await using network = await create()
    const { outbox } = await openRelay(network)
    const slow = { group: 'group', topics, effectMs: 60_000 }
    const victim = await network.spawn({ name: 'victim', serve: false, subscribe: slow })
    const record = outbox.add('happened', { key: 'a', n: 1 })
    await eventually(() => victim.reports.some(({ is }) => is === 'received'), Boolean, within)
    await victim.kill()

    const heir = await network.spawn({
      name: 'heir',
      serve: false,
      subscribe: { ...slow, effectMs: 0 },
    })
    await eventually(
      () => heir.reports.some((report) => report.is === 'applied' && report.id === record.id),
      Boolean,
      within,
    )
  }, 60_000)

  test('a reader that closes hands over at once, and repeats nothing', async () => {
    await using network = await create()
    const { outbox } = await openRelay(network)
    const subscribe = { group: 'group', topics, effectMs: 0 }
    const goes = await network.spawn({ name: 'goes', serve: false, subscribe })
    for (let n = 1; n <= 20; n++) outbox.add('happened', { key: `key${n}`, n })
    await eventually(
      () => goes.reports.filter(({ is }) => is === 'applied').length,
      isTwenty,
      within,
    )
    await goes.close()

    const comes = await network.spawn({ name: 'comes', serve: false, subscribe })
    for (let n = 21; n <= 40; n++) outbox.add('happened', { key: `key${n}`, n })
    await eventually(
      () => comes.reports.filter(({ is }) => is === 'applied').length,
      isTwenty,
      within,
    )
    const numbers = comes.reports.flatMap((report) => (report.is === 'applied' ? [report.n] : []))
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 21))
  }, 60_000)

  test('a relay that is cut off after publishing publishes again, and each effect happens once', async () => {
    await using network = await create()
    await using notes = await openNotes(network)
    const outbox = createOutboxInMemory()
    const { remove } = outbox.log
    let failures = 2
    outbox.log.remove = async (positions) => {
      if (failures-- > 0) throw new Error('The database went away')
      await remove(positions)
    }
    const bus = await network.join('relay')
    await bus.relay(outbox.log)
    for (let n = 1; n <= 20; n++) outbox.add('happened', { key: `key${n % 3}`, n })
    await eventually(outbox.waiting, (waiting) => waiting === 0, within)
    outbox.add('happened', { key: 'last', n: 21 })

    await eventually(notes.seen, (seen) => seen.some(({ key }) => key === 'last'), within)
    const seen = await notes.seen()
    expect(seen.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 21 }, (_, i) => i + 1),
    )
  }, 60_000)

  test('a poisonous event parks its own key and no other', async () => {
    await using network = await create()
    await using notes = await openNotes(network)
    const { outbox } = await openRelay(network)
    notes.poison.add(4)
    for (let n = 1; n <= 12; n++) outbox.add('happened', { key: `key${n % 2}`, n })

    await eventually(notes.seen, (seen) => seen.length === 7, within)
    expect((await notes.seen()).map(({ n }) => n).toSorted((a, b) => a - b)).toEqual([
      1, 2, 3, 5, 7, 9, 11,
    ])
    await eventually(notes.parked, (parked) => parked.length === 5, within)

    notes.poison.clear()
    await eventually(notes.seen, (seen) => seen.length === 12, within)
    const even = (await notes.seen()).map(({ n }) => n).filter((n) => n % 2 === 0)
    expect(even).toEqual([2, 4, 6, 8, 10, 12])
  }, 60_000)

  test('instances on one database have each effect once and in order, though one is killed', async () => {
    await using network = await create()
    await using notes = await openSharedNotes()
    const { outbox } = await openRelay(network)
    const poison = [40, 41, 42]
    const spawn = (name: string) =>
      network.spawn({ name, serve: false, notes: { prefix: notes.prefix, poison } })
    const one = await spawn('one')
    const seen = await notes.open()
    let n = 0
    const add = (count: number) => {
      for (let i = 0; i < count; i++) {
        n++
        outbox.add(n % 2 ? 'happened' : 'ended', { key: `key${n % 13}`, n })
      }
    }

    add(300)
    await eventually(seen, (all) => all.length > 50, within)
    await spawn('two')
    add(300)
    await eventually(seen, (all) => all.length > 350, within)
    await one.kill()
    add(300)
    await spawn('three')
    add(300)
    const all = await eventually(seen, (rows) => rows.length >= 1_200 - poison.length, within)
    expect(all.length).toBe(new Set(all.map((row) => row.n)).size)
    for (const ofKey of Map.groupBy(all, ({ key }) => key).values()) {
      const numbers = ofKey.map((row) => row.n)
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    }
  }, 120_000)

  test('what makes no sense at an entrance is put aside with its cause, whatever it is', async () => {
    await using network = await create()
    await using notes = await openNotes(network)
    const raw = await network.broker.connect('foreign')
    const good = JSON.stringify({ key: 'a', n: 1 })
    const bodies: [key: string | undefined, body: string, headers?: Record<string, string>][] = [
      ['a', 'not JSON'],
      ['a', ''],
      ['a', '7'],
      ['a', JSON.stringify({ key: 'a', n: 'x'.repeat(500_000) })],
      [undefined, '{"key":"a"}'],
      ['nul \u0000 in the key', '\u0000'],
      ['a', 'null', { 'event-id': '\u0000', 'occurred-at': 'yesterday', traceparent: 'x' }],
    ]
    for (const [key, body, headers = {}] of bodies) {
      await raw.publish([{ topic: 'raw-thing', key, headers, body }])
    }
    await raw.publish([{ topic: 'raw-thing', key: 'a', headers: {}, body: good }])
    await raw.close()

    await eventually(notes.seen, (seen) => seen.length === 1, within)
    const parked = await eventually(notes.parked, (all) => all.length === bodies.length, within)
    expect(parked.map(({ state }) => state)).toEqual(bodies.map(() => 'dead'))
    expect(parked.every(({ cause }) => cause.length > 0)).toBe(true)
  }, 60_000)

  test('a header cannot make a foreign record pass for an event of a service', async () => {
    await using network = await create()
    await using notes = await openNotes(network)
    const { outbox } = await openRelay(network)
    const raw = await network.broker.connect('foreign')
    const event = outbox.add('happened', { key: 'a', n: 1 })
    const headers = { 'event-id': event.id, service: 'things', event: 'happened' }
    const body = JSON.stringify({ key: 'a', n: 2 })
    await raw.publish([{ topic: 'raw-thing', key: 'a', headers, body }])
    await raw.close()

    const seen = await eventually(notes.seen, (all) => all.length === 2, within)
    expect(seen.map(({ event: name, n }) => [name, n]).toSorted()).toEqual([
      ['happened', 1],
      ['raw-thing', 2],
    ])
  }, 60_000)

  test('a watcher sees nothing of the past', async () => {
    await using network = await create()
    const { bus, outbox } = await openRelay(network)
    for (let n = 1; n <= 10; n++) outbox.add('happened', { key: 'a', n })
    await eventually(outbox.waiting, (waiting) => waiting === 0, within)
    const late = await network.join('late')
    const seen: number[] = []
    await late.watch(topics, (record) => seen.push(numberOf(record)))
    const all: number[] = []
    await bus.watch(topics, (record) => all.push(numberOf(record)))

    for (let n = 11; n <= 20; n++) outbox.add('ended', { key: 'a', n })
    await eventually(() => seen.length >= 10 && all.length >= 10, Boolean, within)
    expect(seen).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
    expect(all).toEqual(seen)
  }, 60_000)

  test('a bus that closes publishes first what it was given', async () => {
    await using network = await create()
    const reader = await network.join('reader')
    const seen: number[] = []
    await reader.watch(topics, (record) => seen.push(numberOf(record)))
    const { bus, outbox } = await openRelay(network)
    for (let n = 1; n <= 1_200; n++) outbox.add('happened', { key: `key${n % 7}`, n })
    await bus.close()
    expect(outbox.waiting()).toBe(0)
    await eventually(
      () => seen.length,
      (length) => length === 1_200,
      within,
    )
  }, 60_000)

  test('two relays of one outbox, one after the other, lose nothing', async () => {
    await using network = await create()
    const reader = await network.join('reader')
    const seen = new Set<number>()
    await reader.watch(topics, (record) => seen.add(numberOf(record)))
    const outbox = createOutboxInMemory()
    const first = await network.join('first')
    await first.relay(outbox.log)
    for (let n = 1; n <= 50; n++) outbox.add('happened', { key: 'a', n })
    await first.close()
    for (let n = 51; n <= 100; n++) outbox.add('happened', { key: 'a', n })
    const second = await network.join('second')
    await second.relay(outbox.log)

    await eventually(
      () => seen.size,
      (size) => size === 100,
      within,
    )
  }, 60_000)
}

function isTwenty(count: number): boolean {
  return count === 20
}

/** A place on PostgreSQL for a service that several processes host. */
async function openSharedNotes() {
  const prefix = `suite${crypto.randomUUID().slice(0, 8)}_`
  const stores = openSharedStores(prefix)
  let store: Store<NoteTables> | undefined
  return {
    prefix,
    async open() {
      store = await stores.open<NoteTables>('notes')
      const { db } = store
      return () => db.selectFrom('note').selectAll().orderBy('position').execute()
    },
    async [Symbol.asyncDispose]() {
      await store?.close()
      await stores.close()
      await dropSharedStore(`${prefix}notes`)
    },
  }
}

/** A service with its database, as one process hosts it. */
export async function openNotes(network: Network) {
  const folder = temporaryFolder()
  const stores = createSqliteStores(folder.path)
  const store = await stores.open<NoteTables>('notes')
  const poison = new Set<number>()
  const bus = await network.join('notes')
  const service = await hostService(createNotesService(poison), {
    bus,
    store,
    config: {},
    log: createLog('silent'),
    metrics: createMetrics(),
    retryDelaysMs: Array.from({ length: 100 }, () => 100),
  })
  await service.start()
  return {
    poison,
    seen: () => store.db.selectFrom('note').selectAll().orderBy('position').execute(),
    parked: () => service.inbox.listParked(100),
    async [Symbol.asyncDispose]() {
      await bus.close()
      await service.stop()
      await store.close()
      await stores.close()
      folder[Symbol.dispose]()
    },
  }
}
