import type { Generated } from 'kysely'

/** The kit's own tables, as `kit-migrations.ts` makes them. */
export type KitTables = {
  outbox: {
    position: Generated<number>
    id: string
    event: string
    key: string
    payload: string
    occurredAt: string
    requestId: string
    traceparent: string
  }
  outboxOffset: { reader: string; position: number }
  inbox: { eventId: string; receivedAt: string }
  parkedEvent: {
    position: Generated<number>
    id: string
    state: 'waiting' | 'dead'
    orderKey: string
    record: string
    attempts: number
    cause: string
    parkedAt: string
    nextAttemptAt: string
  }
}
