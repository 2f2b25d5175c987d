// One more process on a bus, for tests in which processes come, go and are killed.
import fs from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { hostService } from '../../../kit/host.ts'
import { createLog } from '../../../kit/log.ts'
import { createMetrics } from '../../../kit/metrics.ts'
import { createRemoteBus } from '../../../kit/remote/remote-bus.ts'
import type { Transport } from '../../../kit/remote/transport.ts'
import { createNotesService } from './notes-service.ts'
import { openSharedStores } from './shared-stores.ts'
import { things } from './suite-contract.ts'
import { answerThings } from './things.ts'

/** What the test says at the start, as JSON. */
export type InstanceOrder = {
  name: string
  serviceKey: string
  /** A module that exports `connect(instanceId, options): Promise<Transport>`. */
  driver: { module: string; options: unknown }
  serve: boolean
  /** File in which each addition is a line before it is answered, so that no kill can hide it. */
  ledger?: string
  subscribe?: { group: string; topics: string[]; effectMs: number }
  /** Runs the service `notes` on PostgreSQL, in schemas of this prefix. */
  notes?: { prefix: string; poison: number[] }
}

export type InstanceReport =
  | { is: 'ready' }
  | { is: 'added'; key: string; n: number }
  | { is: 'received' | 'applied'; id: string; key: string; n: number; instance: string }

function tell(report: InstanceReport): void {
  process.send?.(report)
}

const order: InstanceOrder = JSON.parse(process.argv[2] ?? '')
const driver: {
  connect(instanceId: string, options: unknown): Promise<Transport>
} = await import(order.driver.module)
const bus = createRemoteBus({
  transport: await driver.connect(order.name, order.driver.options),
  serviceKey: order.serviceKey,
  log: createLog('silent'),
  metrics: createMetrics(),
  entrances: Object.keys(things.entrances),
})
let closeNotes = async () => {}
process.on('message', async (message) => {
  if (message !== 'close') return
  await bus.close()
  await closeNotes()
  process.disconnect()
})
if (order.serve) {
  await bus.serve(
    things,
    answerThings(order.name, (input) => {
      if (order.ledger) fs.appendFileSync(order.ledger, `${input.n}\n`)
      tell({ is: 'added', ...input })
    }),
  )
}
if (order.subscribe) {
  const { group, topics, effectMs } = order.subscribe
  await bus.subscribe(group, topics, async (records) => {
    for (const { id, payload } of records) {
      const { key, n } = payload as { key: string; n: number }
      tell({ is: 'received', id, key, n, instance: order.name })
      if (effectMs > 0) await wait(effectMs)
      tell({ is: 'applied', id, key, n, instance: order.name })
    }
  })
}
if (order.notes) {
  const { prefix, poison } = order.notes
  const stores = openSharedStores(prefix)
  const store = await stores.open<never>('notes')
  const service = await hostService(createNotesService(new Set(poison)), {
    bus,
    store,
    config: {},
    log: createLog('silent'),
    metrics: createMetrics(),
    retryDelaysMs: Array.from({ length: 3 }, () => 200),
  })
  await service.start()
  closeNotes = async () => {
    await service.stop()
    await store.close()
    await stores.close()
  }
}
tell({ is: 'ready' })
