import { randomUUID } from 'node:crypto'
import type { Answer, Apply, Bus, EventRecord, OutboxLog, SignalRecord } from './bus.ts'
import { createTraceparent } from './context.ts'
import { kitFailure } from './failure.ts'
import { repeat } from './job.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'

const readAtOnce = 500

/**
 * What a test adds to show that nobody relies on more than the bus promises: everything is
 * copied through JSON, events come late and twice, and keys overtake each other.
 */
export type Hostility = { delayMs: () => number; repeats: () => boolean }

export type LocalBusOptions = { log: Logger; metrics: Metrics; hostility?: Hostility | undefined }

type Subscription = { group: string; topics: ReadonlySet<string>; apply: Apply }
type Watcher = { topics: ReadonlySet<string>; listener: (record: EventRecord) => void }

/**
 * The bus inside one process. A call is a function call; the outbox itself is the log that
 * groups read, each with an offset of its own kept beside it.
 */
export function createLocalBus({ log, metrics, hostility }: LocalBusOptions): Bus {
  const answers = new Map<string, Answer>()
  const subscriptions: Subscription[] = []
  const watchers: Watcher[] = []
  const signalListeners: ((record: SignalRecord) => void)[] = []
  const relays: { wake(): void; close(): Promise<void> }[] = []
  let closed = false

  async function startRelay(outbox: OutboxLog): Promise<void> {
    const saved = await outbox.offsets()
    const shared = shareReads(outbox)
    const readers = subscriptions
      .filter(({ topics }) => !topics.isDisjointFrom(outbox.topics))
      .map((subscription) => createReader(shared, subscription, saved.get(subscription.group)))
    const announcer = createReader(shared, announcement(), saved.get('watchers'))
    const all = [...readers, announcer]
    const tidy = repeat({
      name: `${outbox.service}.outbox`,
      everyMs: 1_000,
      log,
      run: () => tidyUp(outbox, all),
    })
    tidy.start()
    const wake = () => {
      shared.forget()
      for (const reader of all) reader.wake()
    }
    outbox.onAppend(wake)
    wake()
    relays.push({
      wake,
      async close() {
        await Promise.all(all.map((reader) => reader.close()))
        await tidy.stop()
        await tidyUp(outbox, all)
      },
    })
  }

  /** Watchers get what passes; an offset keeps a restart from repeating it to new ones. */
  function announcement(): Subscription {
    return {
      group: 'watchers',
      topics: new Set(),
      async apply(records) {
        for (const record of records) {
          metrics.eventsPublished.inc({ service: record.service, event: record.event })
          for (const { topics, listener } of watchers) {
            if (topics.has(record.topic)) listener(record)
          }
        }
      },
    }
  }

  function createReader(outbox: OutboxLog, subscription: Subscription, saved = 0) {
    const { group, topics } = subscription
    const everything = group === 'watchers'
    let position = saved
    let savedPosition = saved
    let running: Promise<void> | undefined
    let again = false

    async function run(): Promise<void> {
      do {
        again = false
        const entries = await outbox.read(position, readAtOnce)
        const wanted = entries
          .map(({ record }) => record)
          .filter(({ topic }) => everything || topics.has(topic))
        if (wanted.length > 0) await deliver(subscription, wanted, everything)
        const last = entries.at(-1)
        if (last) position = last.position
        if (entries.length === readAtOnce) again = true
      } while (again && !closed)
    }

    return {
      group,
      position: () => position,
      async save() {
        if (position === savedPosition) return false
        savedPosition = position
        await outbox.saveOffset(group, position)
        return true
      },
      wake() {
        if (closed) return
        if (running) {
          again = true
          return
        }
        running = run()
          .catch((error) => {
            log.error({ event: 'bus.delivery_failed', group, err: error })
            setTimeout(() => this.wake(), 500).unref()
          })
          .finally(() => {
            running = undefined
            if (again) this.wake()
          })
      },
      async close() {
        await running
      },
    }
  }

  async function deliver(
    { apply }: Subscription,
    records: EventRecord[],
    toWatchers: boolean,
  ): Promise<void> {
    if (!hostility || toWatchers) return apply(records)
    const byKey = Map.groupBy(records, ({ service, key }) => `${service}/${key}`)
    await Promise.all(
      [...byKey.values()].map(async (ofOneKey) => {
        for (const record of ofOneKey) {
          await new Promise((resolve) => setTimeout(resolve, hostility.delayMs()))
          await apply([jsonCopy(record)])
          if (hostility.repeats()) await apply([jsonCopy(record)])
        }
      }),
    )
  }

  return {
    async serve(contract, answer) {
      answers.set(contract.service, answer)
    },
    async call(contract, operation, input, context) {
      const answer = answers.get(contract.service)
      if (!answer || closed) {
        throw kitFailure('unavailable', `${contract.service} does not answer.`, { retryAfter: 1 })
      }
      if (!hostility) return answer(operation, input, context)
      return jsonCopy(await answer(operation, jsonCopy(input), jsonCopy(context)))
    },
    relay: startRelay,
    async subscribe(group, topics, apply) {
      subscriptions.push({ group, topics: new Set(topics), apply })
    },
    async watch(topics, listener) {
      watchers.push({ topics: new Set(topics), listener })
    },
    async produce(topic, key, payload) {
      const record: EventRecord = {
        id: randomUUID(),
        service: topic,
        event: topic,
        topic,
        key,
        payload: jsonCopy(payload),
        occurredAt: new Date().toISOString(),
        requestId: randomUUID(),
        traceparent: createTraceparent(),
      }
      const readers = subscriptions.filter(({ topics }) => topics.has(topic))
      await Promise.all(readers.map(({ apply }) => apply([record])))
    },
    signal(record) {
      for (const listener of signalListeners) listener(hostility ? jsonCopy(record) : record)
    },
    onSignal: (listener) => void signalListeners.push(listener),
    ready: () => !closed,
    async drain() {},
    async close() {
      closed = true
      await Promise.all(relays.map((relay) => relay.close()))
    },
  }
}

/**
 * Readers mostly stand at the same place: what one has read, the others are given. Whoever knows
 * of new entries calls `forget`, and the next one reads anew.
 */
function shareReads(outbox: OutboxLog): OutboxLog & { forget(): void } {
  let last: { after: number; entries: ReturnType<OutboxLog['read']> } | undefined
  const forget = () => {
    last = undefined
  }
  return {
    ...outbox,
    read(after, limit) {
      if (last?.after !== after) {
        last = { after, entries: outbox.read(after, limit) }
        // What failed is asked for again.
        last.entries.catch(forget)
      }
      return last.entries
    },
    forget,
  }
}

/** Keeps the offsets, and forgets what everybody has; writes nothing when nothing has moved. */
async function tidyUp(
  outbox: OutboxLog,
  readers: readonly { position(): number; save(): Promise<boolean> }[],
): Promise<void> {
  const moved = await Promise.all(readers.map((reader) => reader.save()))
  if (!moved.includes(true)) return
  await outbox.trim(Math.min(...readers.map((reader) => reader.position())))
}

function jsonCopy<T>(value: T): T {
  return value === undefined ? value : JSON.parse(JSON.stringify(value))
}
