import type { Generated, Kysely, Transaction } from 'kysely'
import { expect, test } from 'vitest'
import type { EventRecord } from '../../kit/bus.ts'
import { type Migrations, migrate } from '../../kit/db/migrate.ts'
import type { Store } from '../../kit/db/store.ts'
import type { KitTables } from '../../kit/db/tables.ts'
import { createInbox } from '../../kit/inbox.ts'
import { createLog } from '../../kit/log.ts'
import { createMetrics } from '../../kit/metrics.ts'
import { eventually, openTestStores, temporaryFolder } from '../../kit/testing.ts'

// Two processes of one service, whose share of the keys changes while events wait.

type Tables = KitTables & { effect: { position: Generated<number>; text: string } }

const migrations: Migrations = {
  '001-init': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('effect')
        .addColumn('position', 'integer', (c) => c.primaryKey())
        .addColumn('text', 'text', (c) => c.notNull())
        .execute()
    },
  },
}

function record(key: string, text: string): EventRecord {
  const about = { service: 'others', event: 'said', topic: 'others.said', key }
  const now = new Date().toISOString()
  const origin = { requestId: 'r', traceparent: 't', occurredAt: now }
  return { id: crypto.randomUUID(), ...about, ...origin, payload: { text } }
}

async function openTwo(delaysMs: readonly number[]) {
  const folder = temporaryFolder()
  const stores = openTestStores(folder.path)
  let broken = true
  let attempts = 0
  const effect = async (tx: Transaction<Tables>, { key, payload }: EventRecord) => {
    const { text } = payload as { text: string }
    if (broken && key === 'bad') {
      attempts++
      throw new Error('broken')
    }
    await tx.insertInto('effect').values({ text }).execute()
  }
  async function open() {
    const store = await stores.open<Tables>('listener')
    await migrate(store.db, migrations)
    const inbox = await createInbox({
      group: 'listener',
      store: store as unknown as Store<KitTables>,
      effectOf: () => effect,
      log: createLog('silent'),
      metrics: createMetrics(),
      delaysMs,
    })
    return { ...inbox, store }
  }
  const one = await open()
  const two = await open()
  return {
    one,
    two,
    attempts: () => attempts,
    mend() {
      broken = false
    },
    async effects() {
      const query = two.store.db.selectFrom('effect').select('text').orderBy('position')
      return (await query.execute()).map(({ text }) => text)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([one.close(), two.close()])
      await Promise.all([one.store.close(), two.store.close()])
      await stores.forget()
      folder[Symbol.dispose]()
    },
  }
}

test('events of a key wait behind one that another process could not deal with', async () => {
  await using group = await openTwo(Array.from({ length: 100 }, () => 20))

  await group.one.apply([record('bad', 'first')])
  await group.two.apply([record('bad', 'second'), record('good', 'meanwhile')])
  await group.one.apply([record('bad', 'third')])
  expect(await group.effects()).toEqual(['meanwhile'])
  group.mend()

  await eventually(group.effects, ({ length }) => length === 4, 10_000)
  expect(await group.effects()).toEqual(['meanwhile', 'first', 'second', 'third'])
  await group.one.apply([record('bad', 'afterwards')])
  expect((await group.effects()).at(-1)).toBe('afterwards')
  expect(await group.two.listParked(10)).toEqual([])
})

test('what a process left waiting is had by those that are still there', async () => {
  await using group = await openTwo(Array.from({ length: 100 }, () => 20))
  await group.one.apply([record('bad', 'first')])
  await group.one.close()
  group.mend()

  await eventually(group.effects, ({ length }) => length === 1, 10_000)
})

test('an event that waits is tried as often as is said, however many processes there are', async () => {
  await using group = await openTwo([1, 1, 1])
  await group.one.apply([record('bad', 'first')])

  const isDead = ({ state }: { state: string }) => state === 'dead'
  await eventually(
    () => group.two.listParked(10),
    (all) => all.every(isDead),
    20_000,
  )
  expect(group.attempts()).toBe(4)
  group.mend()
  expect(await group.two.redrive()).toBe(1)
  expect(await group.effects()).toEqual(['first'])
})
