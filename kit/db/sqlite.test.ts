import fs from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type Generated, sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, temporaryFolder } from '../testing.ts'
import { prepared } from './prepared.ts'
import { createSqliteStores, type Store, type Stores } from './store.ts'

type Tables = { note: { position: Generated<number>; text: string } }

let folder: ReturnType<typeof temporaryFolder>
let stores: Stores
let store: Store<Tables>
/** Flushes wait here until a test lets them return, once `held` is set. */
let held = false
let waiting: PromiseWithResolvers<void>[] = []

beforeEach(async () => {
  folder = temporaryFolder()
  held = false
  waiting = []
  stores = createSqliteStores(folder.path, {
    groupMs: 10_000,
    async sync() {
      if (!held) return
      const flush = Promise.withResolvers<void>()
      waiting.push(flush)
      await flush.promise
    },
  })
  store = await stores.open<Tables>('notes')
  await store.db.schema
    .createTable('note')
    .addColumn('position', 'integer', (c) => c.primaryKey())
    .addColumn('text', 'text', (c) => c.notNull().unique())
    .execute()
})

afterEach(async () => {
  held = false
  for (const flush of waiting) flush.resolve()
  await store.close()
  await stores.close()
  folder[Symbol.dispose]()
})

const insert = (text: string) =>
  store.db.transaction().execute((tx) => tx.insertInto('note').values({ text }).execute())
const texts = async () => {
  const rows = await store.db.selectFrom('note').select('text').orderBy('position').execute()
  return rows.map(({ text }) => text)
}

test('nothing is acknowledged, told or announced before the flush has returned', async () => {
  held = true
  const happened: string[] = []
  store.onDurable(() => happened.push('announced'))

  const writing = insert('a').then(() => happened.push('acknowledged'))
  await eventually(() => waiting.length === 1)
  const reading = texts().then((seen) => happened.push(`read ${seen}`))
  await new Promise((resolve) => setImmediate(resolve))
  expect(happened).toEqual([])
  waiting[0]?.resolve()
  await Promise.all([writing, reading])

  expect(happened).toHaveLength(3)
  expect(happened).toContain('read a')
})

test('transactions that wait together share one flush', async () => {
  held = true
  const first = insert('first')
  await eventually(() => waiting.length === 1)
  const others = Promise.all(Array.from({ length: 50 }, (_, i) => insert(`other ${i}`)))
  waiting[0]?.resolve()
  await first
  await eventually(() => waiting.length === 2)
  waiting[1]?.resolve()
  await others

  expect(waiting).toHaveLength(2)
  held = false
  expect(await texts()).toHaveLength(51)
})

test('a failed flush fails the acknowledgements and stops all writing', async () => {
  held = true
  const writing = insert('a')
  const refused = expect(writing).rejects.toMatchObject({ code: 'unavailable' })
  await eventually(() => waiting.length === 1)
  waiting[0]?.reject(new Error('EIO'))
  await refused

  await expect(insert('b')).rejects.toMatchObject({ code: 'unavailable' })
  expect(store.failure()?.message).toBe('EIO')
})

test('a transaction that fails rolls back alone among those that share its commit', async () => {
  const results = await Promise.allSettled([
    insert('a'),
    store.db.transaction().execute(async (tx) => {
      await tx.insertInto('note').values({ text: 'half done' }).execute()
      throw new Error('changed my mind')
    }),
    insert('a'),
    insert('b'),
  ])

  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ])
  expect(await texts()).toEqual(['a', 'b'])
})

test('transactions that wait for something else are undone and hold nobody up for long', async () => {
  const stuck = (text: string) =>
    store.db.transaction().execute(async (tx) => {
      await tx.insertInto('note').values({ text }).execute()
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      await tx.insertInto('note').values({ text: 'too late' }).execute()
    })
  const refused = ['one', 'two'].map((text) =>
    expect(stuck(text)).rejects.toThrow('waited for something other than its database'),
  )
  await insert('other')
  await Promise.all(refused)

  expect(await texts()).toEqual(['other'])
})

test('a full disk answers unavailable, keeps what was stored and recovers', async () => {
  await insert('before')
  await sql`pragma max_page_count = 40`.execute(store.db)

  const results = await Promise.allSettled(
    Array.from({ length: 40 }, (_, i) => insert(`${i} ${'x'.repeat(8_000)}`)),
  )
  const refused = results.filter(({ status }) => status === 'rejected')
  expect(refused.length).toBeGreaterThan(0)
  for (const result of refused) expect(result).toMatchObject({ reason: { code: 'unavailable' } })
  const stored = results.length - refused.length
  expect(await texts()).toHaveLength(1 + stored)

  await sql`pragma max_page_count = 1000000`.execute(store.db)
  await insert('after')
  expect((await texts()).at(-1)).toBe('after')
})

test('a file that another process holds answers unavailable and recovers', async () => {
  const other = new DatabaseSync(`${folder.path}/notes.db`)
  other.exec('begin immediate')

  await expect(insert('a')).rejects.toMatchObject({ code: 'unavailable' })
  other.exec('commit')
  other.close()
  await insert('b')
  expect(await texts()).toEqual(['b'])
})

test('a write that comes while the file is held for a moment goes through', async () => {
  const other = new DatabaseSync(`${folder.path}/notes.db`)
  other.exec('begin immediate')

  const writing = insert('a')
  await new Promise((resolve) => setImmediate(resolve))
  other.exec('commit')
  other.close()
  await writing
  expect(await texts()).toEqual(['a'])
})

test('the write-ahead log is copied back and starts over while writing goes on', async () => {
  for (let round = 0; round < 25; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, i) => insert(`${round} ${i}`)))
  }
  // Until something is copied back, the database's own file holds no more than its first pages.
  await eventually(() => fs.statSync(`${folder.path}/notes.db`).size > 50_000)
  expect(await texts()).toHaveLength(2_500)
})

test('what is copied back is flushed beside the writes, and a failure there stops them', async () => {
  const flushes: PromiseWithResolvers<void>[] = []
  const own = createSqliteStores(`${folder.path}/own`, {
    groupMs: 10_000,
    longestLog: 1,
    async sync(fd) {
      if (fs.fstatSync(fd).ino !== fs.statSync(`${folder.path}/own/notes.db`).ino) return
      const end = Promise.withResolvers<void>()
      flushes.push(end)
      await end.promise
    },
  })
  const { db, ...rest } = await own.open<Tables>('notes')
  await sql`create table note (position integer primary key, text text not null)`.execute(db)
  const write = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () =>
        db.transaction().execute((tx) => tx.insertInto('note').values({ text: 'a' }).execute()),
      ),
    )

  await write(2_000)
  await eventually(() => flushes.length === 1)
  await write(10)
  flushes[0]?.reject(new Error('EIO'))
  await eventually(() => rest.failure() !== undefined)

  await expect(write(1)).rejects.toMatchObject({ code: 'unavailable' })
  expect(rest.failure()?.message).toBe('EIO')
  await rest.close()
  await own.close()
})

test('a prepared query runs with each call its own values', async () => {
  const find = prepared((db: Store<Tables>['db'], value: { text: string }) =>
    db.selectFrom('note').select('text').where('text', '=', value.text).limit(1),
  )
  await insert('a')
  await insert('b')

  expect(await find(store.db, { text: 'b' })).toEqual([{ text: 'b' }])
  expect(await find(store.db, { text: 'c' })).toEqual([])
})
