// The other process of a trial: answers calls, or has the effects of events.
import type { Kysely } from 'kysely'
import { createAnswer } from '../../kit/call.ts'
import { prepared } from '../../kit/db/prepared.ts'
import { hostService } from '../../kit/host.ts'
import { createLog } from '../../kit/log.ts'
import { createMetrics } from '../../kit/metrics.ts'
import { defineService, type ServiceDeps } from '../../kit/service.ts'
import { notes, reader } from './contract.ts'
import { connectBus, openStores, type Place } from './place.ts'

const { role, ...place }: Place & { role: 'answers' | 'listens' } = JSON.parse(
  process.argv[2] ?? '',
)
const bus = connectBus(place, role)
const log = createLog('warn')
const metrics = createMetrics()

if (role === 'answers') {
  const handlers = { echo: async (input: unknown) => input }
  await bus.serve(notes, createAnswer(notes, handlers, { log, metrics }))
} else {
  type Tables = { seen: { key: string; n: number } }
  const insertSeen = prepared((db: Kysely<Tables>, value: Tables['seen']) =>
    db.insertInto('seen').values({ key: value.key, n: value.n }),
  )
  const latencies: number[] = []
  const last = new Map<string, number>()
  let disordered = 0
  const service = defineService({
    contract: reader,
    listens: { notes },
    migrations: {
      '001-init': {
        async up(db: Kysely<unknown>) {
          await db.schema
            .createTable('seen')
            .addColumn('key', 'text', (c) => c.notNull())
            .addColumn('n', 'integer', (c) => c.notNull())
            .execute()
        },
      },
    },
    create: (_: ServiceDeps<typeof reader, Tables>) => ({
      handlers: {},
      subscribers: {
        notes: {
          async written(tx, { key, n, at }) {
            await insertSeen(tx, { key, n })
            if (n <= (last.get(key) ?? 0)) disordered++
            last.set(key, n)
            latencies.push(Date.now() - at)
          },
        },
      },
    }),
  })
  const store = await openStores(place).open<never>('reader')
  const options = { bus, store, config: {}, log, metrics }
  const running = await hostService(service, options)
  await running.start()
  process.on('message', () => process.send?.({ latencies, disordered }))
}
while (!bus.ready()) await new Promise((resolve) => setTimeout(resolve, 20))
process.send?.('ready')
process.on('disconnect', () => void bus.close())
