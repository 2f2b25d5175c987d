import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { type Generated, type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { createMemoryBroker } from '../../tests/backends/lib/memory-broker.ts'
import { createClients } from '../call.ts'
import { startCall } from '../context.ts'
import { defineContract } from '../contract.ts'
import { prepared } from '../db/prepared.ts'
import { createSqliteStores } from '../db/store.ts'
import { kitFailure } from '../failure.ts'
import { repeat } from '../job.ts'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { createRemoteBus } from '../remote/remote-bus.ts'
import type { TopicMessage } from '../remote/transport.ts'
import { eventually, temporaryFolder } from '../testing.ts'
import { traceBus } from './bus.ts'
import { traceDialect } from './dialect.ts'
import { createTracing } from './tracing.ts'
import { traceTransport } from './transport.ts'

const kinds = ['internal', 'server', 'client', 'producer', 'consumer']
const begun = '00-11111111111111111111111111111111-2222222222222222-01'
const unrecorded = `${begun.slice(0, -2)}00`

function record() {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  return {
    tracing: createTracing(provider.getTracer('test')),
    /** What has ended so far: kind and name, and the name of what it is below. */
    spans() {
      const all = exporter.getFinishedSpans()
      const names = new Map(all.map((span) => [span.spanContext().spanId, span.name]))
      return all.map((span) => {
        const parent = span.parentSpanContext?.spanId ?? ''
        return [kinds[span.kind], span.name, names.get(parent) ?? parent]
      })
    },
    finished: () => exporter.getFinishedSpans(),
  }
}

const counts = defineContract({
  service: 'counts',
  summary: 'What the tests of tracing call',
  operations: {
    write: {
      summary: 'Write',
      access: 'internal',
      input: z.strictObject({ n: z.int() }),
      output: z.object({ n: z.int() }),
    },
  },
})

async function join(
  broker: ReturnType<typeof createMemoryBroker>,
  name: string,
  { tracing }: ReturnType<typeof record>,
) {
  const bus = createRemoteBus({
    transport: traceTransport(broker.connect(name), tracing, 'memory'),
    serviceKey: 'a key that all processes of it share',
    log: createLog('silent'),
    metrics: createMetrics(),
  })
  await eventually(() => bus.ready())
  return traceBus(bus, tracing, 'memory')
}

test('a call between processes is a span for each side, in the trace of who calls', async () => {
  const broker = createMemoryBroker()
  const caller = record()
  const worker = record()
  const seen: string[] = []
  const serving = await join(broker, 'worker', worker)
  await serving.serve(counts, async (_operation, asked, { traceparent }) => {
    seen.push(traceparent)
    return asked
  })
  const { counts: client } = createClients(await join(broker, 'caller', caller), 'test', { counts })

  await client.write({ n: 1 }, startCall('test', { traceparent: begun }))

  const [outer] = caller.finished()
  const [inner] = worker.finished()
  expect(caller.spans()).toEqual([['client', 'counts.write', '2222222222222222']])
  expect(worker.spans()).toEqual([['server', 'counts.write', outer?.spanContext().spanId]])
  expect(inner?.spanContext().traceId).toBe('1'.repeat(32))
  expect(seen).toEqual([`00-${'1'.repeat(32)}-${inner?.spanContext().spanId}-01`])
})

test('what is not recorded where it begins makes no span anywhere', async () => {
  const broker = createMemoryBroker()
  const recorded = record()
  const seen: string[] = []
  const bus = await join(broker, 'both', recorded)
  await bus.serve(counts, async (_operation, asked, { traceparent }) => {
    seen.push(traceparent)
    return asked
  })
  const { counts: client } = createClients(bus, 'test', { counts })

  await client.write({ n: 1 }, startCall('test', { traceparent: unrecorded }))

  expect(recorded.spans()).toEqual([])
  expect(seen).toEqual([unrecorded])
})

test('a refusal names its code and is no fault; a fault says nothing of what people wrote', async () => {
  const { tracing, finished } = record()
  const refusal = kitFailure('forbidden', 'Not you, Ann.')
  for (const error of [refusal, new TypeError('Ann cannot be read')]) {
    const span = { name: 'work', kind: 'internal', attributes: {} } as const
    await expect(tracing.follow(span, begun, () => Promise.reject(error))).rejects.toBe(error)
  }

  expect(finished().map(({ attributes, status }) => ({ attributes, status }))).toEqual([
    { attributes: { 'error.type': 'forbidden' }, status: { code: 0 } },
    { attributes: { 'error.type': 'TypeError' }, status: { code: 2 } },
  ])
})

test('an event is published below what announced it, and processed below that', async () => {
  const recorded = record()
  const broker = createMemoryBroker()
  const transport = traceTransport(broker.connect('one'), recorded.tracing, 'memory')
  const bus = await join(broker, 'two', recorded)
  const seen: string[] = []
  await bus.subscribe('readers', ['changed'], async (records) => {
    seen.push(...records.map(({ traceparent }) => traceparent))
  })
  const message = (id: string, traceparent: string): Omit<TopicMessage, 'recordId'> => ({
    topic: 'changed',
    key: 'k',
    headers: { 'event-id': id, service: 'counts', event: 'changed', traceparent },
    body: '{}',
  })

  await transport.publish([message('one', begun), message('two', unrecorded)])
  await eventually(() => seen.length === 2 && recorded.spans().length === 2)

  // The reader may be done before the writer knows that the broker has it.
  expect(recorded.spans().toSorted()).toEqual([
    ['consumer', 'process changed', 'publish changed'],
    ['producer', 'publish changed', '2222222222222222'],
  ])
  const processed = recorded.finished().find(({ name }) => name === 'process changed')
  expect(seen).toEqual([`00-${'1'.repeat(32)}-${processed?.spanContext().spanId}-01`, unrecorded])
})

type Tables = { note: { id: Generated<number>; body: string } }

const findNotes = prepared((db: Kysely<Tables>, value: { body: string }) =>
  db.selectFrom('note').selectAll().where('body', '=', value.body),
)

test('statements are spans below what runs them, without the values in them', async () => {
  using folder = temporaryFolder()
  const { tracing, spans, finished } = record()
  const stores = createSqliteStores(folder.path, { wrap: traceDialect(tracing, 'sqlite') })
  const store = await stores.open<Tables>('notes')
  const { db } = store
  // Nobody's work makes no spans.
  await sql`create table note (id integer primary key, body text not null unique)`.execute(db)
  const span = { name: 'work', kind: 'internal', attributes: {} } as const
  let left = () => Promise.resolve()

  await tracing.follow(span, begun, async () => {
    await db.transaction().execute(async (tx) => {
      await tx.insertInto('note').values({ body: 'secret' }).execute()
      await findNotes(tx, { body: 'secret' })
    })
    await findNotes(db, { body: 'secret' })
    const again = db.insertInto('note').values({ body: 'secret' }).execute()
    await expect(again).rejects.toThrow('UNIQUE')
    const late = Promise.withResolvers<void>()
    const after = late.promise.then(() => findNotes(db, { body: 'secret' }))
    left = async () => {
      late.resolve()
      await after
    }
  })
  await left()
  await store.close()
  await stores.close()

  expect(spans()).toEqual([
    ['client', 'BEGIN', 'work'],
    ['client', 'INSERT note', 'work'],
    ['client', 'SELECT note', 'work'],
    ['client', 'COMMIT', 'work'],
    ['client', 'SELECT note', 'work'],
    ['client', 'INSERT note', 'work'],
    ['internal', 'work', '2222222222222222'],
  ])
  const told = finished().map(({ attributes, status }) => ({ attributes, code: status.code }))
  expect(told[1]).toEqual({
    attributes: {
      'db.system.name': 'sqlite',
      'db.namespace': 'notes',
      'db.operation.name': 'INSERT',
      'db.collection.name': 'note',
      'db.query.summary': 'INSERT note',
      'db.query.text': 'insert into "note" ("body") values (?)',
    },
    code: 0,
  })
  expect(told[5]).toMatchObject({ attributes: { 'error.type': 'ERR_SQLITE_ERROR' }, code: 2 })
  expect(JSON.stringify(told)).not.toContain('secret')
})

test('what a job does is no part of what woke it', async () => {
  const { tracing } = record()
  const seen: unknown[] = []
  const job = repeat({
    name: 'job',
    everyMs: 60_000,
    log: createLog('silent'),
    run: async () => void seen.push(tracing.current()),
  })
  job.start()
  await eventually(() => seen.length === 1)
  const span = { name: 'work', kind: 'internal', attributes: {} } as const

  await tracing.follow(span, begun, async () => {
    expect(tracing.current()).toBeDefined()
    job.wake()
    await eventually(() => seen.length === 2)
  })

  await job.stop()
  expect(seen).toEqual([undefined, undefined])
})
