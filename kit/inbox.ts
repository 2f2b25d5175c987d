import type { Kysely, Transaction } from 'kysely'
import * as z from 'zod'
import type { Apply, EventRecord } from './bus.ts'
import { isPostgres } from './db/dialect.ts'
import { prepared } from './db/prepared.ts'
import type { Store } from './db/store.ts'
import type { KitTables } from './db/tables.ts'
import { Failure } from './failure.ts'
import { repeat } from './job.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'

/** The effect of one event, inside the transaction that also records that it was had. */
// biome-ignore lint/suspicious/noExplicitAny: the tables are the service's own.
export type Effect = (tx: Transaction<any>, record: EventRecord) => Promise<void>

export type ParkedEvent = {
  position: number
  id: string
  state: 'waiting' | 'dead'
  record: EventRecord
  attempts: number
  cause: string
  parkedAt: string
  nextAttemptAt: string
}

/** The receiving end of events for one service. */
export type Inbox = {
  apply: Apply
  /** Oldest first, from behind a position. */
  listParked(limit: number, after?: number): Promise<ParkedEvent[]>
  /** Tries dead events once more, as if they had just come; all of them without an id. */
  redrive(id?: string): Promise<number>
  discard(id: string): Promise<boolean>
  close(): Promise<void>
}

export type InboxOptions = {
  group: string
  store: Store<KitTables>
  effectOf: (record: EventRecord) => Effect | undefined
  log: Logger
  metrics: Metrics
  /** Waits between attempts; as many attempts as waits, then the dead-letter store. */
  delaysMs?: readonly number[]
}

/** `behind`: an earlier event of the same key waits. */
type Outcome = 'applied' | 'repeated' | 'behind'

const defaultDelaysMs = [200, 1_000, 5_000, 30_000, 120_000, 600_000]
const inboxKeptMs = 7 * 24 * 3_600_000
/** How often a process looks for events that are due; of several that share a database, any of them. */
const retryEveryMs = 100
const retryEveryMsTogether = 500

/**
 * Gives every event its effect once, in order per key. An event that fails parks its own key:
 * later events of the key queue behind it in `parked_event`, all others go on. It is tried again
 * with growing delay; a refusal that no repetition can change, or one attempt too many, makes it
 * dead, and the key moves on.
 */
export async function createInbox(options: InboxOptions): Promise<Inbox> {
  const { group, store, effectOf, log, metrics } = options
  const { db } = store
  const delaysMs = options.delaysMs ?? defaultDelaysMs
  /** Other processes of this service may park and retry as well: only the database knows what. */
  const together = isPostgres(db)
  /** Ends of the queues per key, so that one key's events follow each other. */
  const tails = new Map<string, Promise<void>>()
  let parkedKeys = await listParkedKeys()

  const everyMs = together ? retryEveryMsTogether : retryEveryMs
  const retries = repeat({ name: `${group}.retry`, everyMs, log, run: retryDue })
  const housekeeping = repeat({
    name: `${group}.forget`,
    everyMs: 3_600_000,
    log,
    run: async () => {
      const before = new Date(Date.now() - inboxKeptMs).toISOString()
      await db.deleteFrom('inbox').where('receivedAt', '<', before).execute()
    },
  })
  if (together || parkedKeys.size > 0) retries.start()
  housekeeping.start()

  async function listParkedKeys(): Promise<Set<string>> {
    const rows = await db
      .selectFrom('parkedEvent')
      .select('orderKey')
      .where('state', '=', 'waiting')
      .distinct()
      .execute()
    return new Set(rows.map(({ orderKey }) => orderKey))
  }

  /** Runs one key's work after what that key already has to do. */
  function inOrder(key: string, work: () => Promise<void>): Promise<void> {
    const mine = (tails.get(key) ?? Promise.resolve()).then(work)
    const settled = mine.catch(() => undefined)
    tails.set(key, settled)
    void settled.then(() => {
      if (tails.get(key) === settled) tails.delete(key)
    })
    return mine
  }

  async function applyOne(record: EventRecord): Promise<void> {
    const effect = effectOf(record)
    if (!effect) return
    let outcome: Outcome
    try {
      outcome = await (together ? receiveTogether : receiveAlone)(record, effect)
    } catch (error) {
      const dead = isFinal(error)
      await park(record, 1, causeOf(error), dead ? 'dead' : 'waiting')
      report(record, 1, error, dead)
      return
    }
    if (outcome !== 'behind') count(record, outcome)
    else await park(record, 0, 'An earlier event of the same key waits', 'waiting')
  }

  /** What waits is known here, because no other process has this store. */
  async function receiveAlone(record: EventRecord, effect: Effect): Promise<Outcome> {
    if (parkedKeys.has(orderKeyOf(record))) return 'behind'
    const fresh = await db.transaction().execute((tx) => attempt(tx, record, effect))
    return fresh ? 'applied' : 'repeated'
  }

  /** What waits is asked for as the event is received, which saves a question for each. */
  async function receiveTogether(record: EventRecord, effect: Effect): Promise<Outcome> {
    const fresh = await db
      .transaction()
      .execute((tx) => attempt(tx, record, effect, insertUnlessBehind))
    if (fresh) return 'applied'
    // Had before, or its key waits; or waited, until just now.
    if ((await findWaiting(db, { key: orderKeyOf(record) })).length > 0) return 'behind'
    const late = await db.transaction().execute((tx) => attempt(tx, record, effect))
    return late ? 'applied' : 'repeated'
  }

  async function attempt(
    tx: Transaction<KitTables>,
    record: EventRecord,
    effect: Effect,
    insert: typeof insertUnlessBehind = insertReceived,
  ): Promise<boolean> {
    const receivedAt = new Date().toISOString()
    const received = { eventId: record.id, receivedAt, orderKey: orderKeyOf(record) }
    if ((await insert(tx, received)).length === 0) return false
    await effect(tx, record)
    return true
  }

  async function park(
    record: EventRecord,
    attempts: number,
    cause: string,
    state: 'waiting' | 'dead',
  ): Promise<void> {
    const now = Date.now()
    await db
      .insertInto('parkedEvent')
      .values({
        id: record.id,
        state,
        orderKey: orderKeyOf(record),
        record: JSON.stringify(record),
        attempts,
        cause,
        parkedAt: new Date(now).toISOString(),
        nextAttemptAt: new Date(now + (delaysMs[0] ?? 0)).toISOString(),
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute()
    count(record, state === 'dead' ? 'dead' : 'parked')
    if (state === 'waiting') {
      parkedKeys.add(orderKeyOf(record))
      retries.start()
    }
  }

  async function retryDue(): Promise<void> {
    if (together) parkedKeys = await listParkedKeys()
    if (parkedKeys.size === 0) return
    // One process at a time, so that each attempt is made and counted once.
    await using lock = await store.lock('inbox')
    if (!lock) return
    const keys = [...parkedKeys]
    await eachOf(keys, store.connections, (key) => inOrder(key, () => retryKey(key)))
  }

  /** Works a key's queue off, until its head fails again or nothing is left. */
  async function retryKey(key: string): Promise<void> {
    for (;;) {
      const head = await db
        .selectFrom('parkedEvent')
        .selectAll()
        .where('state', '=', 'waiting')
        .where('orderKey', '=', key)
        .orderBy('position')
        .limit(1)
        .executeTakeFirst()
      if (!head) {
        parkedKeys.delete(key)
        return
      }
      if (head.attempts > 0 && head.nextAttemptAt > new Date().toISOString()) return
      const record = JSON.parse(head.record) as EventRecord
      const effect = effectOf(record)
      try {
        await db.transaction().execute(async (tx) => {
          const taken = tx.deleteFrom('parkedEvent').where('id', '=', head.id).returning('id')
          // Another process has just had its effect, or an admin discarded it.
          if ((await taken.execute()).length === 0) return
          if (effect) await attempt(tx, record, effect)
        })
        count(record, 'applied')
      } catch (error) {
        const attempts = head.attempts + 1
        const delay = delaysMs[attempts - 1]
        const dead = isFinal(error) || delay === undefined
        await db
          .updateTable('parkedEvent')
          .set({
            attempts,
            cause: causeOf(error),
            state: dead ? 'dead' : 'waiting',
            nextAttemptAt: new Date(Date.now() + (delay ?? 0)).toISOString(),
          })
          .where('id', '=', head.id)
          .execute()
        report(record, attempts, error, dead)
        if (!dead) return
        count(record, 'dead')
      }
    }
  }

  function count(record: EventRecord, outcome: string): void {
    metrics.eventsApplied.inc({ group, event: record.event, outcome })
    if (outcome === 'applied') {
      metrics.eventLag.observe({ group }, (Date.now() - Date.parse(record.occurredAt)) / 1000)
    }
  }

  function report(record: EventRecord, attempts: number, error: unknown, dead: boolean): void {
    const { id, topic, requestId } = record
    log[dead ? 'error' : 'warn']({
      event: dead ? 'event.dead' : 'event.parked',
      group,
      id,
      topic,
      requestId,
      attempts,
      err: error,
    })
  }

  return {
    async apply(records) {
      const byKey = [...Map.groupBy(records, orderKeyOf)]
      await eachOf(byKey, store.connections, ([key, ofOneKey]) =>
        inOrder(key, async () => {
          // What could not even be parked ends its key's turn, for it comes again with what follows.
          for (const record of ofOneKey) await applyOne(record)
        }),
      )
    },
    async listParked(limit, after = 0) {
      const rows = await db
        .selectFrom('parkedEvent')
        .selectAll()
        .where('position', '>', after)
        .orderBy('position')
        .limit(limit)
        .execute()
      return rows.map(({ orderKey: _, record, ...row }) => ({
        ...row,
        record: JSON.parse(record) as EventRecord,
      }))
    },
    async redrive(id) {
      let query = db.selectFrom('parkedEvent').selectAll().where('state', '=', 'dead')
      if (id) query = query.where('id', '=', id)
      const rows = await query.orderBy('position').execute()
      for (const row of rows) {
        await inOrder(row.orderKey, async () => {
          await db
            .updateTable('parkedEvent')
            .set({ state: 'waiting', attempts: 0 })
            .where('id', '=', row.id)
            .execute()
          parkedKeys.add(row.orderKey)
          await retryKey(row.orderKey)
        })
      }
      retries.start()
      return rows.length
    },
    async discard(id) {
      const [result] = await db.deleteFrom('parkedEvent').where('id', '=', id).execute()
      return (result?.numDeletedRows ?? 0n) > 0n
    },
    async close() {
      await Promise.all([retries.stop(), housekeeping.stop()])
      await Promise.all(tails.values())
    },
  }
}

const insertReceived = prepared((db: Kysely<KitTables>, value: KitTables['inbox']) =>
  db
    .insertInto('inbox')
    .values({ eventId: value.eventId, receivedAt: value.receivedAt })
    .onConflict((conflict) => conflict.column('eventId').doNothing())
    .returning('eventId'),
)

const insertUnlessBehind = prepared(
  (db: Kysely<KitTables>, value: KitTables['inbox'] & { orderKey: string }) =>
    db
      .insertInto('inbox')
      .columns(['eventId', 'receivedAt'])
      .expression(
        db
          .selectNoFrom(({ val }) => [
            val(value.eventId).as('eventId'),
            val(value.receivedAt).as('receivedAt'),
          ])
          .where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom('parkedEvent')
                  .select('id')
                  .where('state', '=', 'waiting')
                  .where('orderKey', '=', value.orderKey),
              ),
            ),
          ),
      )
      .onConflict((conflict) => conflict.column('eventId').doNothing())
      .returning('eventId'),
)

const findWaiting = prepared((db: Kysely<KitTables>, value: { key: string }) =>
  db
    .selectFrom('parkedEvent')
    .select('id')
    .where('state', '=', 'waiting')
    .where('orderKey', '=', value.key)
    .limit(1),
)

/**
 * Does something with each item, so many at a time; when all have been tried, fails with the first
 * error.
 */
async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = []
  const rest = items.values()
  async function workOn(): Promise<void> {
    for (const item of rest) await work(item).catch((error) => errors.push(error))
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, workOn))
  if (errors.length > 0) throw errors[0]
}

function orderKeyOf({ service, key }: EventRecord): string {
  return `${service}/${key}`
}

/** A refusal and a wrong shape are the same at every attempt; anything else may pass. */
function isFinal(error: unknown): boolean {
  return error instanceof z.ZodError || (error instanceof Failure && error.status < 500)
}

function causeOf(error: unknown): string {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, 4_000)
}
