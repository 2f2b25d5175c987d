import type { Kysely } from 'kysely'
import { expect, test } from 'vitest'
import * as z from 'zod'
import type { EventRecord } from './bus.ts'
import { createAnswer, createClients } from './call.ts'
import { startCall } from './context.ts'
import { defineContract } from './contract.ts'
import { hostService, type RunningService } from './host.ts'
import { createLocalBus, type LocalBusOptions } from './local-bus.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { defineService, type ServiceDeps } from './service.ts'
import { eventually, hostile, openTestStores, temporaryFolder } from './testing.ts'

const counters = defineContract({
  service: 'counters',
  summary: 'Counters for the tests of the bus',
  operations: {
    count: {
      summary: 'Add one',
      access: 'internal',
      input: z.strictObject({ key: z.string() }),
      output: z.object({ value: z.int() }),
    },
  },
  events: {
    counted: {
      summary: 'One was added',
      schema: z.object({ key: z.string(), value: z.int() }),
      key: 'key',
    },
  },
  signals: {
    ticked: { summary: 'A tick', schema: z.object({ key: z.string() }), push: [] },
  },
})

const sums = defineContract({
  service: 'sums',
  summary: 'What counters said',
  operations: {
    listSeen: {
      summary: 'Everything seen',
      access: 'internal',
      input: z.strictObject({}),
      output: z.object({ seen: z.array(z.string()) }),
    },
  },
})

type CounterTables = { counter: { key: string; value: number } }
type SumTables = { seen: { position: number; text: string } }

const countersService = defineService({
  contract: counters,
  migrations: {
    '001-init': {
      async up(db: Kysely<unknown>) {
        await db.schema
          .createTable('counter')
          .addColumn('key', 'text', (c) => c.primaryKey())
          .addColumn('value', 'integer', (c) => c.notNull())
          .execute()
      },
    },
  },
  create({ db, outbox }: ServiceDeps<typeof counters, CounterTables>) {
    return {
      handlers: {
        async count({ key }, call) {
          return db.transaction().execute(async (tx) => {
            const { value } = await tx
              .insertInto('counter')
              .values({ key, value: 1 })
              .onConflict((conflict) =>
                conflict
                  .column('key')
                  .doUpdateSet((row) => ({ value: row('counter.value', '+', 1) })),
              )
              .returning('value')
              .executeTakeFirstOrThrow()
            await outbox.add(tx, 'counted', { key, value }, call)
            return { value }
          })
        },
      },
    }
  },
})

const sumsService = defineService({
  contract: sums,
  listens: { counters },
  migrations: {
    '001-init': {
      async up(db: Kysely<unknown>) {
        await db.schema
          .createTable('seen')
          .addColumn('position', 'integer', (c) => c.primaryKey())
          .addColumn('text', 'text', (c) => c.notNull())
          .execute()
      },
    },
  },
  create({ db }: ServiceDeps<typeof sums, SumTables>) {
    return {
      handlers: {
        async listSeen() {
          const rows = await db.selectFrom('seen').select('text').orderBy('position').execute()
          return { seen: rows.map(({ text }) => text) }
        },
      },
      subscribers: {
        counters: {
          async counted(tx, { key, value }) {
            await tx
              .insertInto('seen')
              .values({ text: `${key}${value}` } as never)
              .execute()
          },
        },
      },
    }
  },
})

async function boot(folder: string, hostility?: LocalBusOptions['hostility']) {
  const log = createLog('silent')
  const metrics = createMetrics()
  const bus = createLocalBus({ log, metrics, hostility })
  const stores = openTestStores(folder)
  const running: RunningService[] = []
  for (const definition of [countersService, sumsService]) {
    const store = await stores.open<never>(definition.contract.service)
    running.push(await hostService(definition, { bus, store, config: {}, log, metrics }))
  }
  const watched: EventRecord[] = []
  await bus.watch(['counters.counted'], (record) => watched.push(record))
  for (const service of running) await service.start()
  const clients = createClients(bus, 'test', { counters, sums })
  return {
    bus,
    watched,
    count: (key: string) => clients.counters.count({ key }, startCall('test')),
    seen: async () => (await clients.sums.listSeen({}, startCall('test'))).seen,
    async [Symbol.asyncDispose]() {
      await bus.close()
      for (const service of running) await service.stop()
      for (const service of running) await service.store.close()
      await stores.close()
    },
  }
}

function ofKey(texts: readonly string[], key: string): number[] {
  return texts.filter((text) => text.startsWith(key)).map((text) => Number(text.slice(key.length)))
}

const oneTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

test('each event has one effect, in order per key, though all come late and many twice', async () => {
  using folder = temporaryFolder()
  await using app = await boot(folder.path, hostile)

  await Promise.all(oneTo(60).map((i) => app.count(i % 2 ? 'a' : 'b')))
  await eventually(app.seen, (seen) => seen.length === 60, 10_000)

  expect(ofKey(await app.seen(), 'a')).toEqual(oneTo(30))
  expect(ofKey(await app.seen(), 'b')).toEqual(oneTo(30))
})

test('a watcher sees each event once, in order, after it is stored', async () => {
  using folder = temporaryFolder()
  await using app = await boot(folder.path)

  for (const _ of oneTo(20)) await app.count('a')
  await eventually(() => app.watched.length === 20)

  expect(app.watched.map(({ payload }) => payload)).toEqual(
    oneTo(20).map((value) => ({ key: 'a', value })),
  )
  expect(app.watched[0]).toMatchObject({
    service: 'counters',
    event: 'counted',
    topic: 'counters.counted',
    key: 'a',
  })
})

test('events that nobody has read yet are delivered after a restart, and read ones are not', async () => {
  using folder = temporaryFolder()
  const log = createLog('silent')
  const metrics = createMetrics()
  {
    // Only the announcing half runs: what it says stays in its outbox.
    const bus = createLocalBus({ log, metrics })
    const stores = openTestStores(folder.path)
    const store = await stores.open<never>('counters')
    await hostService(countersService, { bus, store, config: {}, log, metrics })
    const { counters: client } = createClients(bus, 'test', { counters })
    for (const _ of oneTo(5)) await client.count({ key: 'a' }, startCall('test'))
    await store.close()
    await stores.close()
  }
  for (const round of oneTo(2)) {
    await using app = await boot(folder.path)
    await app.count(`round${round}`)
    await eventually(app.seen, (seen) => seen.includes(`round${round}1`))
    expect(ofKey(await app.seen(), 'a')).toEqual(oneTo(5))
  }
})

test('a call to a service that is not there is unavailable', async () => {
  const bus = createLocalBus({ log: createLog('silent'), metrics: createMetrics() })
  const { counters: client } = createClients(bus, 'test', { counters })

  await expect(client.count({ key: 'a' }, startCall('test'))).rejects.toMatchObject({
    code: 'unavailable',
    status: 503,
  })
})

test('a call whose handler never answers ends at its deadline', async () => {
  const log = createLog('silent')
  const metrics = createMetrics()
  const bus = createLocalBus({ log, metrics })
  const handlers = { count: () => new Promise(() => undefined) }
  await bus.serve(counters, createAnswer(counters, handlers, { log, metrics }))
  const { counters: client } = createClients(bus, 'test', { counters })

  const call = startCall('test', { deadline: Date.now() + 20 })
  await expect(client.count({ key: 'a' }, call)).rejects.toMatchObject({ code: 'unavailable' })
})

test('a signal reaches every listener at once', () => {
  const bus = createLocalBus({ log: createLog('silent'), metrics: createMetrics() })
  const heard: unknown[] = []
  bus.onSignal((record) => heard.push(record))

  bus.signal({ service: 'counters', signal: 'ticked', payload: { key: 'a' } })
  expect(heard).toEqual([{ service: 'counters', signal: 'ticked', payload: { key: 'a' } }])
})
