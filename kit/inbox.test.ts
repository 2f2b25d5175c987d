import { type Kysely, sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { EventRecord } from './bus.ts'
import { column } from './db/columns.ts'
import { isPostgres } from './db/dialect.ts'
import { type Migrations, migrate } from './db/migrate.ts'
import type { Store } from './db/store.ts'
import type { KitTables } from './db/tables.ts'
import { createInbox, type Effect, type Inbox } from './inbox.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { eventually, openTestStores, type TestStores, temporaryFolder } from './testing.ts'

// The receiving end of events when the store itself is in trouble, on either store.

type Tables = KitTables & { effect: { eventId: string } }

const migrations: Migrations = {
  '001-init': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('effect')
        .addColumn('event_id', column.text, (c) => c.notNull())
        .execute()
    },
  },
}

const waitMs = 20
let folder: ReturnType<typeof temporaryFolder>
let stores: TestStores
let store: Store<Tables>
let inbox: Inbox
let effect: Effect

beforeEach(async () => {
  folder = temporaryFolder()
  stores = openTestStores(folder.path, { DATABASE_CONNECT_TIMEOUT_MS: '500' })
  store = await stores.open<Tables>('notes')
  await migrate(store.db, migrations)
  effect = async (tx, { id }) => {
    await tx.insertInto('effect').values({ eventId: id }).execute()
  }
  inbox = await createInbox({
    group: 'notes',
    store,
    effectOf: () => (tx, record) => effect(tx, record),
    log: createLog('silent'),
    metrics: createMetrics(),
    delaysMs: Array(20).fill(10),
  })
})

afterEach(async () => {
  await inbox.close()
  await store.close()
  await stores.close()
  await stores.forget()
  folder[Symbol.dispose]()
})

function eventOf(key: string, n: number): EventRecord {
  return {
    id: `${key}-${n}`,
    service: 'people',
    event: 'named',
    topic: 'people.named',
    key,
    payload: {},
    occurredAt: new Date().toISOString(),
    requestId: 'any',
    traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
  }
}

async function effects(): Promise<string[]> {
  const rows = await store.db.selectFrom('effect').select('eventId').execute()
  return rows.map(({ eventId }) => eventId)
}

/** Until it is called off, nothing can be parked. */
async function refuseToPark(): Promise<() => Promise<unknown>> {
  if (isPostgres(store.db)) {
    await sql`alter table parked_event add constraint full_disk check (false)`.execute(store.db)
    return () => sql`alter table parked_event drop constraint full_disk`.execute(store.db)
  }
  await sql
    .raw(`create trigger full_disk before insert on parked_event
      begin select raise(abort, 'Nothing can be parked'); end`)
    .execute(store.db)
  return () => sql`drop trigger full_disk`.execute(store.db)
}

test('what can be neither had nor parked is delivered again, and nothing of its key before it', async () => {
  const works = effect
  effect = async (tx, record) => {
    if (record.id === 'ann-1') throw new Error('The disk is full')
    await works(tx, record)
  }
  const batch = [eventOf('ann', 1), eventOf('bob', 1), eventOf('ann', 2), eventOf('ann', 3)]
  const mend = await refuseToPark()

  await expect(inbox.apply(batch)).rejects.toThrow()
  expect(await effects()).toEqual(['bob-1'])

  await mend()
  effect = works
  await inbox.apply(batch)
  expect(await effects()).toEqual(['bob-1', 'ann-1', 'ann-2', 'ann-3'])
  expect(await inbox.listParked(10)).toEqual([])
})

test('more keys at once than the store has connections wait in line, and none is parked', async () => {
  const works = effect
  effect = async (tx, record) => {
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    await works(tx, record)
  }
  const count = isPostgres(store.db) ? 200 : 20
  const batch = Array.from({ length: count }, (_, key) => eventOf(`key${key}`, 1))

  await inbox.apply(batch)

  expect(await inbox.listParked(10)).toEqual([])
  expect(await effects()).toHaveLength(count)
})

test('more parked keys than the store has connections are had together', async () => {
  const works = effect
  effect = async () => {
    throw new Error('Not yet')
  }
  const count = isPostgres(store.db) ? 200 : 20
  const batch = Array.from({ length: count }, (_, key) => eventOf(`key${key}`, 1))
  await inbox.apply(batch)
  effect = async (tx, record) => {
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    await works(tx, record)
  }

  const seen = await eventually(effects, ({ length }) => length === count, 20_000)

  expect(new Set(seen).size).toBe(count)
  expect(await inbox.listParked(10)).toEqual([])
})
