import { randomUUID } from 'node:crypto'
import type { Kysely, Selectable, Transaction } from 'kysely'
import type { EventRecord, OutboxLog } from './bus.ts'
import type { Origin } from './context.ts'
import { type Contract, type EventName, type EventOf, topicOf } from './contract.ts'
import { commitLazily } from './db/dialect.ts'
import { findSettled } from './db/positions.ts'
import { prepared } from './db/prepared.ts'
import type { Store } from './db/store.ts'
import type { KitTables } from './db/tables.ts'

/** Records events in the transaction of the change that they tell of. */
export type Outbox<C extends Contract> = {
  add<E extends EventName<C>>(
    // biome-ignore lint/suspicious/noExplicitAny: a service's transaction knows only its own tables.
    tx: Transaction<any>,
    event: E,
    payload: EventOf<C, E>,
    origin: Origin,
  ): Promise<void>
}

/** Entries that one statement forgets: a moment's worth of them would hold everybody up. */
const trimmedAtOnce = 500

/** Characters of an event's JSON. */
const longestPayload = 500_000

const insertEvent = prepared(
  (db: Kysely<KitTables>, value: Omit<KitTables['outbox'], 'position'>) =>
    db.insertInto('outbox').values({ ...fieldsOf(value) }),
)

/** The values of a prepared insert, named one by one because a placeholder has no own keys. */
function fieldsOf(value: Omit<KitTables['outbox'], 'position'>) {
  const { id, event, key, payload, occurredAt, requestId, traceparent } = value
  return { id, event, key, payload, occurredAt, requestId, traceparent }
}

export function createOutbox<C extends Contract>(contract: C): Outbox<C> {
  return {
    async add(tx, event, payload, { requestId, traceparent }) {
      const definition = contract.events?.[event]
      if (!definition) throw new Error(`${contract.service} announces no ${event}`)
      const checked: Record<string, unknown> = definition.schema.parse(payload)
      await insertEvent(tx as Transaction<KitTables>, {
        id: randomUUID(),
        event,
        key: String(checked[definition.key]),
        payload: writePayload(checked, event),
        occurredAt: new Date().toISOString(),
        requestId,
        traceparent,
      })
    },
  }
}

/** What no broker could carry must not get into an outbox: it would hold up all that follows. */
function writePayload(payload: unknown, event: string): string {
  const text = JSON.stringify(payload)
  if (text.length > longestPayload) throw new Error(`${event} is too long: ${text.length}`)
  return text
}

/** A service's outbox as a log that a bus reads, moves through and trims. */
export function createOutboxLog(contract: Contract, store: Store<KitTables>): OutboxLog {
  const { db } = store
  const { service } = contract
  /** Whether all places of readers have been forgotten; from then on there are none to forget. */
  let hasNoReaders = false

  function toEntry({ position, payload, event, ...row }: Selectable<KitTables['outbox']>) {
    const topic = topicOf(contract, event)
    const record: EventRecord = { ...row, service, event, topic, payload: JSON.parse(payload) }
    return { position, record }
  }

  return {
    service,
    topics: new Set(Object.keys(contract.events ?? {}).map((event) => topicOf(contract, event))),
    onAppend: store.onDurable,
    lock: () => store.lock('outbox'),
    async take(limit) {
      return (await readAfter(db, { after: 0, limit })).map(toEntry)
    },
    async remove(positions) {
      if (positions.length === 0) return
      await db.transaction().execute(async (tx) => {
        // What a crash brings back is published twice, and had once: nobody need wait for the disk.
        await commitLazily(tx)
        // Positions may start over once nothing is left: a reader that moves through them would
        // stand at the wrong one.
        if (!hasNoReaders) await tx.deleteFrom('outboxOffset').execute()
        await tx.deleteFrom('outbox').where('position', 'in', positions).execute()
      })
      hasNoReaders = true
    },
    async read(after, limit) {
      const rows = await readAfter(db, { after, limit })
      if (rows.every(({ position }, index) => position === after + 1 + index)) {
        return rows.map(toEntry)
      }
      // A position is missing: its transaction failed, or has not ended yet.
      const settled = await findSettled(db, 'outbox')
      const again = await readAfter(db, { after, limit })
      return again.filter(({ position }) => position <= settled).map(toEntry)
    },
    async offsets() {
      const rows = await db.selectFrom('outboxOffset').selectAll().execute()
      return new Map(rows.map(({ reader, position }) => [reader, position]))
    },
    async saveOffset(reader, position) {
      hasNoReaders = false
      await db
        .insertInto('outboxOffset')
        .values({ reader, position })
        .onConflict((conflict) => conflict.column('reader').doUpdateSet({ position }))
        .execute()
    },
    async trim(position) {
      while ((await trimSome(db, position)) === trimmedAtOnce);
    },
  }
}

/** Forgets the oldest up to a position, but for the last of all: positions never start over. */
async function trimSome(db: Kysely<KitTables>, position: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('outbox')
    .where('position', 'in', (outbox) =>
      outbox
        .selectFrom('outbox')
        .select('position')
        .where('position', '<=', position)
        .where('position', '<', (query) =>
          query.selectFrom('outbox').select((last) => last.fn.max('position').as('last')),
        )
        .orderBy('position')
        .limit(trimmedAtOnce),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}

const readAfter = prepared((db: Kysely<KitTables>, value: { after: number; limit: number }) =>
  db
    .selectFrom('outbox')
    .selectAll()
    .where('position', '>', value.after)
    .orderBy('position')
    .limit(value.limit),
)
