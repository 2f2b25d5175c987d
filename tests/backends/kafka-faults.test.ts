import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClients } from '../../kit/call.ts'
import { startCall } from '../../kit/context.ts'
import { Failure } from '../../kit/failure.ts'
import { eventually } from '../../kit/testing.ts'
import { type OwnKafka, startKafka } from '../lib/own-kafka.ts'
import { numberOf, topics } from './bus-suite-events.ts'
import { openNotes } from './bus-suite-remote-events.ts'
import { createKafkaBroker } from './lib/kafka-driver.ts'
import { createNetwork } from './lib/network.ts'
import { things } from './lib/suite-contract.ts'
import { createOutboxInMemory } from './lib/things.ts'

const callers = 8
const within = 60_000
let kafka: OwnKafka

beforeAll(async () => {
  kafka = await startKafka()
}, 240_000)

afterAll(() => kafka[Symbol.asyncDispose]())

/** Calls and events go on while something happens to the broker; then the books are balanced. */
async function rideOut(trouble: () => Promise<void>): Promise<void> {
  await using network = await createNetwork((contracts) =>
    createKafkaBroker(contracts, kafka.environment),
  )
  await network.spawn({ name: 'worker', serve: true })
  await using notes = await openNotes(network)
  const bus = await network.join('caller')
  const outbox = createOutboxInMemory()
  const watched = new Set<number>()
  await bus.watch(topics, (record) => watched.add(numberOf(record)))
  await bus.relay(outbox.log)
  const { things: client } = createClients(bus, 'tester', { things })

  const acknowledged = new Set<number>()
  const failures: unknown[] = []
  let asked = 0
  let inARow = 0
  let ended = false
  async function ask(): Promise<void> {
    while (!ended) {
      asked++
      const n = asked
      outbox.add(n % 2 ? 'happened' : 'ended', { key: `key${n % 7}`, n })
      try {
        const call = startCall('tester', { deadline: Date.now() + 3_000 })
        await client.add({ key: `key${n % 7}`, n }, call)
        acknowledged.add(n)
        inARow++
      } catch (error) {
        failures.push(error)
        inARow = 0
        await wait(50)
      }
    }
  }
  const asking = Array.from({ length: callers }, ask)
  await eventually(() => acknowledged.size > 200, Boolean, within)
  await trouble()
  inARow = 0
  await eventually(() => inARow > 200, Boolean, within)
  ended = true
  await Promise.all(asking)

  // Whoever was not answered was told so, in the one way there is.
  expect(failures.length).toBeGreaterThan(0)
  expect(failures.filter((error) => !(error instanceof Failure))).toEqual([])
  expect(new Set(failures.map((error) => (error as Failure).code))).toEqual(
    new Set(['unavailable']),
  )
  // What was acknowledged was done, and nothing was done twice.
  const added = network.reports.flatMap((report) => (report.is === 'added' ? [report.n] : []))
  expect([...acknowledged].filter((n) => !added.includes(n))).toEqual([])
  expect(added.length).toBe(new Set(added).size)
  // Every event had its effect, once and in order per key, and was seen by who watched.
  const seen = await eventually(notes.seen, (all) => all.length >= asked, within)
  expect(seen.length).toBe(asked)
  for (const ofKey of Map.groupBy(seen, ({ key }) => key).values()) {
    const numbers = ofKey.map(({ n }) => n)
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  }
  await eventually(
    () => watched.size,
    (size) => size === asked,
    within,
  )
  expect(bus.ready()).toBe(true)
}

test('a broker that is killed and comes back loses and repeats nothing', async () => {
  await rideOut(async () => {
    await kafka.nodes[0].kill()
    await wait(2_000)
    await kafka.nodes[0].start()
  })
}, 240_000)

test('a broker that hangs for a while loses and repeats nothing', async () => {
  await rideOut(async () => {
    kafka.nodes[0].freeze()
    await wait(12_000)
    kafka.nodes[0].thaw()
  })
}, 240_000)

test('a process that starts while the broker is away is ready when it comes', async () => {
  await using network = await createNetwork((contracts) =>
    createKafkaBroker(contracts, kafka.environment),
  )
  await kafka.nodes[0].kill()
  const joining = network.join('early')
  await wait(1_000)
  await kafka.nodes[0].start()
  const bus = await joining
  expect(bus.ready()).toBe(true)
}, 240_000)
