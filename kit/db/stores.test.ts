import { setImmediate } from 'node:timers/promises'
import { type Generated, type Kysely, sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as z from 'zod'
import { startCall } from '../context.ts'
import { defineContract } from '../contract.ts'
import { createOutbox, createOutboxLog } from '../outbox.ts'
import { eventually, openTestStores, type TestStores, temporaryFolder } from '../testing.ts'
import { column } from './columns.ts'
import { forChange, isPostgres, unlessTaken } from './dialect.ts'
import { isMigrated, type Migrations, migrate } from './migrate.ts'
import { findSettled } from './positions.ts'
import { prepared } from './prepared.ts'
import type { Store } from './store.ts'
import type { KitTables } from './tables.ts'
import { createTextIndex, type TermsRequest, textIndex } from './text-index.ts'

// What services may rely on, whichever database they have: every test runs on both.

type Tables = KitTables & {
  note: { position: Generated<number>; text: string; size: number; share: number | null }
}

const migrations: Migrations = {
  '001-init': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('note')
        .addColumn('position', column.number, (c) => c.primaryKey())
        .addColumn('text', column.text, (c) => c.notNull().unique())
        .addColumn('size', column.number, (c) => c.notNull())
        .addColumn('share', column.real)
        .execute()
      await createTextIndex(db, 'note_terms')
    },
  },
}

const notes = defineContract({
  service: 'notes',
  summary: 'Notes, for tests of the stores',
  operations: {},
  events: { noted: { summary: 'Noted', key: 'text', schema: z.object({ text: z.string() }) } },
})

let folder: ReturnType<typeof temporaryFolder>
let stores: TestStores
let store: Store<Tables>

beforeEach(async () => {
  folder = temporaryFolder()
  stores = openTestStores(folder.path)
  store = await stores.open<Tables>('notes')
  await migrate(store.db, migrations)
})

afterEach(async () => {
  await store.close()
  await stores.close()
  await stores.forget()
  folder[Symbol.dispose]()
})

const row = (text: string) => ({ text, size: text.length, share: null })
const insert = (text: string) => store.db.insertInto('note').values(row(text)).execute()
const texts = async () => {
  const rows = await store.db.selectFrom('note').select('text').orderBy('text').execute()
  return rows.map(({ text }) => text)
}

test('text is sorted and compared by code point', async () => {
  const wanted = ['A', 'B', 'Z', '_', 'a', 'aa', 'b', 'z', 'ä', 'я', '中', '\uffff', '😀']
  for (const text of wanted.toReversed()) await insert(text)

  expect(await texts()).toEqual(wanted)
  const after = store.db.selectFrom('note').select('text').where('text', '>', 'a')
  expect(await after.execute()).toHaveLength(8)
})

test('integers and reals of 64 bits come back as the numbers that they were', async () => {
  const sizes = [0, -1, 2 ** 31, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
  for (const size of sizes) {
    await store.db
      .insertInto('note')
      .values({ text: String(size), size, share: 0.1 })
      .execute()
  }

  const rows = await store.db.selectFrom('note').selectAll().orderBy('position').execute()
  expect(rows.map(({ size }) => size)).toEqual(sizes)
  expect(rows.every(({ share }) => share === 0.1)).toBe(true)
  const { count, sum } = await store.db
    .selectFrom('note')
    .select(({ fn }) => [fn.countAll().as('count'), fn.sum('share').as('sum')])
    .executeTakeFirstOrThrow()
  expect([count, typeof sum]).toEqual([5, 'number'])
})

test('an integer key is given out in ascending order', async () => {
  for (const text of ['a', 'b', 'c']) await insert(text)

  const rows = await store.db.selectFrom('note').selectAll().orderBy('position').execute()
  expect(rows.map(({ position, text }) => [position, text])).toEqual([
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ])
})

test('text of any kind comes back as it was; what is no character is replaced', async () => {
  const kinds = ['', '\n\t', "'; drop table note; --", '\\', '%_', '👩‍👩‍👧', 'x'.repeat(100_000)]
  for (const text of kinds) await insert(text)
  await insert('half \ud83d')

  expect(new Set(await texts())).toEqual(new Set([...kinds, 'half \ufffd']))
})

test('a transaction that fails leaves nothing behind, and the next one works', async () => {
  const failing = store.db.transaction().execute(async (tx) => {
    await tx.insertInto('note').values(row('half done')).execute()
    throw new Error('changed my mind')
  })
  await expect(failing).rejects.toThrow('changed my mind')
  await store.db.transaction().execute((tx) => tx.insertInto('note').values(row('a')).execute())

  expect(await texts()).toEqual(['a'])
})

test('a key that is taken is told from every other error', async () => {
  await insert('a')

  const taken = (text: string) =>
    store.db.transaction().execute(async (tx) => {
      const write = tx.insertInto('note').values(row(text)).returning('text').execute()
      if (!(await unlessTaken(write))) throw new Error('taken')
    })
  await expect(taken('a')).rejects.toThrow('taken')
  await taken('b')
  expect(await texts()).toEqual(['a', 'b'])
  const wrong = sql`select * from nowhere`.execute(store.db)
  await expect(unlessTaken(wrong)).rejects.toThrow('nowhere')
})

test('who reads for a change waits for those who did before', async () => {
  await insert('a')
  const grow = () =>
    store.db.transaction().execute(async (tx) => {
      const { size } = await tx
        .selectFrom('note')
        .select('size')
        .where('text', '=', 'a')
        .$call(forChange(tx))
        .executeTakeFirstOrThrow()
      await tx
        .updateTable('note')
        .set({ size: size + 1 })
        .where('text', '=', 'a')
        .execute()
    })

  await Promise.all(Array.from({ length: 30 }, grow))

  const rows = await store.db.selectFrom('note').select('size').execute()
  expect(rows).toEqual([{ size: 31 }])
})

test('a prepared query runs with values of its own, inside a transaction and outside', async () => {
  const find = prepared((db: Kysely<Tables>, value: { text: string }) =>
    db.selectFrom('note').select(['text', 'size as howLong']).where('text', '=', value.text),
  )
  await insert('a')
  await insert('bb')

  for (let round = 0; round < 8; round++) {
    expect(await find(store.db, { text: 'bb' })).toEqual([{ text: 'bb', howLong: 2 }])
    expect(await find(store.db, { text: 'c' })).toEqual([])
    await store.db.transaction().execute(async (tx) => {
      expect(await find(tx, { text: 'a' })).toEqual([{ text: 'a', howLong: 1 }])
    })
  }
})

test('an index of terms finds what has all of some and one of others, in order', async () => {
  const terms = textIndex('note_terms')
  const { db } = store
  await db.transaction().execute(async (tx) => {
    await terms.insert(tx, 1, ['red', 'fox', 'x1'])
    await terms.insert(tx, 2, ['red', 'hen', 'x1'])
    await terms.insert(tx, 3, ['red', 'fox', 'x2'])
    await terms.insert(tx, 4, ['\ue020', 'été', '中'])
    await terms.insert(tx, 5_000_000_000, ['red', 'fox', 'x3'])
    await terms.merge(tx)
  })
  const all: TermsRequest = {
    terms: ['red'],
    oneOf: [],
    above: 0,
    below: Number.MAX_SAFE_INTEGER,
    order: 'desc',
    limit: 10,
  }
  const list = (request: Partial<TermsRequest>) => terms.list(db, { ...all, ...request })

  expect(await list({})).toEqual([5_000_000_000, 3, 2, 1])
  expect(await list({ order: 'asc', limit: 2 })).toEqual([1, 2])
  expect(await list({ terms: ['red', 'fox'], oneOf: ['x1', 'x2'] })).toEqual([3, 1])
  expect(await list({ above: 1, below: 3 })).toEqual([2])
  expect(await list({ terms: ['été', '中', '\ue020'] })).toEqual([4])
  expect(await list({ terms: ['re'] })).toEqual([])

  await terms.remove(db, 3)
  expect(await list({ terms: ['fox'], order: 'asc' })).toEqual([1, 5_000_000_000])
})

test('one may have a lock at a time, and it is there for others again', async () => {
  const first = await store.lock('relay')
  const meanwhile = await store.lock('relay')
  const another = await store.lock('jobs')

  expect([first?.lost.aborted, meanwhile, another?.lost.aborted]).toEqual([false, undefined, false])
  await first?.[Symbol.asyncDispose]()
  const second = await store.lock('relay')
  await first?.[Symbol.asyncDispose]()
  expect([second?.lost.aborted, await store.lock('relay')]).toEqual([false, undefined])
})

test('a database is migrated once, by however many at once, and says whether it is', async () => {
  // Only one process opens an SQLite file.
  const processes = isPostgres(store.db) ? 4 : 1
  const opening = Array.from({ length: processes }, () => stores.open<Tables>('fresh'))
  const opened = await Promise.all(opening)
  const handles = opened.map(({ db }) => db)
  const areMigrated = (wanted: Migrations) =>
    Promise.all(handles.map((db) => isMigrated(db, wanted)))

  expect(new Set(await areMigrated(migrations))).toEqual(new Set([false]))
  await Promise.all(handles.map((db) => migrate(db, migrations)))
  for (const db of handles) await migrate(db, migrations)

  expect(new Set(await areMigrated(migrations))).toEqual(new Set([true]))
  const more = { ...migrations, '002-more': { up: async () => undefined } }
  expect(new Set(await areMigrated(more))).toEqual(new Set([false]))
  for (const one of opened) await one.close()
})

test('a migration that fails leaves the database as it was, where the database can do so', async () => {
  const broken: Migrations = {
    ...migrations,
    '002-broken': {
      async up(db: Kysely<unknown>) {
        await db.schema.createTable('half').addColumn('id', 'text').execute()
        throw new Error('no')
      },
    },
  }
  await expect(migrate(store.db, broken)).rejects.toThrow('A migration failed')

  expect(await isMigrated(store.db, migrations)).toBe(true)
  expect(await isMigrated(store.db, broken)).toBe(false)
  const tables = await store.db.introspection.getTables()
  if (isPostgres(store.db)) expect(tables.map(({ name }) => name)).not.toContain('half')
})

test('the outbox gives up its oldest, forgets what it is told to, and wakes its readers', async () => {
  const outbox = createOutbox(notes)
  const log = createOutboxLog(notes, store as unknown as Store<KitTables>)
  let woken = 0
  log.onAppend(() => {
    woken++
  })
  const add = (text: string) =>
    store.db.transaction().execute((tx) => outbox.add(tx, 'noted', { text }, startCall('test')))

  for (const text of ['a', 'b', 'c']) await add(text)

  await eventually(() => woken >= 3)
  const taken = await log.take(2)
  expect(taken.map(({ record }) => record.payload)).toEqual([{ text: 'a' }, { text: 'b' }])
  await log.remove(taken.map(({ position }) => position))
  await log.remove([])
  const left = await log.take(10)
  expect(left.map(({ record }) => record.key)).toEqual(['c'])
  await log.remove(left.map(({ position }) => position))
  expect(await log.take(10)).toEqual([])
})

test('the outbox is trimmed up to a place, however much there is, but for its last row', async () => {
  const outbox = createOutbox(notes)
  const log = createOutboxLog(notes, store as unknown as Store<KitTables>)
  await store.db.transaction().execute(async (tx) => {
    const call = startCall('test')
    for (let n = 1; n <= 1_203; n++) await outbox.add(tx, 'noted', { text: `${n}` }, call)
  })
  const keys = async () => (await log.take(2_000)).map(({ record }) => record.key)
  const positions = (await log.take(2_000)).map(({ position }) => position)

  await log.trim(positions[1_200] ?? 0)
  expect(await keys()).toEqual(['1202', '1203'])
  await log.trim((positions.at(-1) ?? 0) + 10)
  expect(await keys()).toEqual(['1203'])
  await log.trim(positions.at(-1) ?? 0)
  expect(await keys()).toEqual(['1203'])
})

test('a reader that moves through the outbox skips nothing that commits late', async () => {
  const outbox = createOutbox(notes)
  const log = createOutboxLog(notes, store as unknown as Store<KitTables>)
  const seen: string[] = []
  let position = 0
  let writing = true
  const write = async (writer: number) => {
    for (let i = 0; i < 25; i++) {
      const adding = store.db.transaction().execute(async (tx) => {
        await outbox.add(tx, 'noted', { text: `${writer}.${i}` }, startCall('test'))
        // The longer ones are overtaken by others; some are never.
        for (let n = 0; n < (writer * i) % 5; n++) await sql`select 1`.execute(tx)
        if (i % 7 === 6) throw new Error('undone')
      })
      await adding.catch(() => undefined)
    }
  }
  const read = async () => {
    for (let last = false; !last; ) {
      last = !writing
      const entries = await log.read(position, 500)
      position = entries.at(-1)?.position ?? position
      seen.push(...entries.map(({ record }) => record.key))
      // Others write in between, also where reading never waits.
      await setImmediate()
    }
  }
  const reading = read()
  await Promise.all([1, 2, 3].map(write))
  writing = false
  await reading

  expect(seen).toHaveLength(3 * 22)
  expect(new Set(seen).size).toBe(3 * 22)
  for (const writer of [1, 2, 3]) {
    const own = seen
      .filter((key) => key.startsWith(`${writer}.`))
      .map((key) => Number(key.slice(2)))
    expect(own).toEqual(own.toSorted((one, other) => one - other))
  }
})

test('a table is settled up to the last row that everybody sees', async () => {
  await insert('a')
  await insert('b')

  expect(await findSettled(store.db, 'note')).toBeGreaterThanOrEqual(2)
})
