import { setTimeout as wait } from 'node:timers/promises'
import type { Answer, EventRecord, OutboxLog } from '../../../kit/bus.ts'
import { createAnswer } from '../../../kit/call.ts'
import { topicOf } from '../../../kit/contract.ts'
import { createLog } from '../../../kit/log.ts'
import { createMetrics } from '../../../kit/metrics.ts'
import { failuresOf, type Handlers } from '../../../kit/service.ts'
import { things } from './suite-contract.ts'

const fail = failuresOf(things)

/** Answers for `things`, and tells what was done. */
export function answerThings(
  instance: string,
  onAdd: (input: { key: string; n: number }) => void = () => undefined,
): Answer {
  const handlers: Handlers<typeof things> = {
    echo: async ({ text }) => ({ text }),
    async add({ key, n }) {
      // The earlier ones take longer, so that only a queue per key keeps the order.
      await wait(n % 3 === 0 ? 3 : 0)
      onAdd({ key, n })
      return { n }
    },
    async refuse() {
      throw fail('too_late', 'It is too late.', {
        errors: [{ field: 'when', message: 'Must be earlier.' }],
        retryAfter: 7,
      })
    },
    async fail() {
      throw new Error('a secret of the callee')
    },
    hang: () => new Promise(() => undefined),
    describeCall: async (_, call) => ({ call: { ...call } }),
    async whoAnswers({ waitMs }) {
      await wait(waitMs)
      return { instance }
    },
  }
  return createAnswer(things, handlers, { log: createLog('silent'), metrics: createMetrics() })
}

/** An outbox in memory, as a service's database would hold it. */
export function createOutboxInMemory() {
  let rows: { position: number; record: EventRecord }[] = []
  let listeners: (() => void)[] = []
  let last = 0
  const log: OutboxLog = {
    service: things.service,
    topics: new Set(Object.keys(things.events).map((event) => topicOf(things, event))),
    async read(after, limit) {
      return rows.filter(({ position }) => position > after).slice(0, limit)
    },
    async offsets() {
      return new Map()
    },
    async saveOffset() {},
    async trim(position) {
      rows = rows.filter((row) => row.position > position)
    },
    async take(limit) {
      return rows.slice(0, limit)
    },
    async remove(positions) {
      const gone = new Set(positions)
      rows = rows.filter(({ position }) => !gone.has(position))
    },
    async lock() {
      return { lost: new AbortController().signal, async [Symbol.asyncDispose]() {} }
    },
    onAppend: (listener) => void listeners.push(listener),
  }
  return {
    log,
    /** How many wait to be published. */
    waiting: () => rows.length,
    add(event: 'happened' | 'ended', payload: { key: string; n: number }): EventRecord {
      last++
      const record: EventRecord = {
        id: crypto.randomUUID(),
        service: things.service,
        event,
        topic: topicOf(things, event),
        key: payload.key,
        payload,
        occurredAt: new Date().toISOString(),
        requestId: 'request-of-test',
        traceparent: '00-11111111111111111111111111111111-2222222222222222-00',
      }
      rows.push({ position: last, record })
      for (const listener of listeners) listener()
      return record
    },
    /** Whoever read it is gone. */
    forgetListeners() {
      listeners = []
    },
  }
}
