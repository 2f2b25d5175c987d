import type { EventRecord, Lock, OutboxLog } from '../bus.ts'
import { repeat } from '../job.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Origins } from './origins.ts'
import { toMessage } from './records.ts'
import type { Transport } from './transport.ts'

const takenAtOnce = 500
/** How often an outbox is looked into unasked, and another process's lock tried. */
const everyMs = 1_000

export type RelayOptions = {
  transport: Pick<Transport, 'publish'>
  origins: Pick<Origins, 'sign'>
  /** Topics that others write to. */
  entrances: ReadonlySet<string>
  log: Logger
  metrics: Metrics
}

/**
 * Moves events from a service's outbox to the broker, in their order: taken, published, and only
 * when the broker cannot lose them any more removed. Whatever is cut off in between is published
 * again, which readers notice by the event's id. One process at a time does it.
 */
export function startRelay(
  outbox: OutboxLog,
  { transport, origins, entrances, log, metrics }: RelayOptions,
): { close(): Promise<void> } {
  const { service } = outbox
  let lock: Lock | undefined

  async function publish(records: readonly EventRecord[]): Promise<void> {
    const messages = records.map((record) => {
      const message = toMessage(record)
      return entrances.has(record.topic) ? origins.sign(message) : message
    })
    await transport.publish(messages)
    for (const { event } of records) metrics.eventsPublished.inc({ service, event })
  }

  async function publishAll(): Promise<void> {
    if (lock?.lost.aborted) lock = undefined
    lock ??= await outbox.lock()
    while (lock && !lock.lost.aborted) {
      const rows = await outbox.take(takenAtOnce)
      const [oldest] = rows
      const waited = oldest ? Date.now() - Date.parse(oldest.record.occurredAt) : 0
      metrics.relayLag.set({ service }, waited / 1_000)
      if (!oldest) return
      await publish(rows.map(({ record }) => record))
      await outbox.remove(rows.map(({ position }) => position))
    }
  }

  const job = repeat({ name: `${service}.relay`, everyMs, log, run: publishAll })
  outbox.onAppend(() => job.wake())
  job.start()

  return {
    async close() {
      await job.stop()
      try {
        await publishAll()
      } catch (error) {
        // They stay in the outbox and are published by whoever comes next.
        log.warn({ event: 'relay.unfinished', service, err: error })
      }
      await lock?.[Symbol.asyncDispose]()
      lock = undefined
    },
  }
}
