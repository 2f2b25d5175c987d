import { setTimeout } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { ConfigError, readEnvironment } from '../../kit/config.ts'
import { startCall } from '../../kit/context.ts'
import { defineContract } from '../../kit/contract.ts'
import { migrate } from '../../kit/db/migrate.ts'
import { createPostgresStores } from '../../kit/db/postgres.ts'
import { prepared } from '../../kit/db/prepared.ts'
import { databaseConfig } from '../../kit/db/settings.ts'
import type { Store } from '../../kit/db/store.ts'
import { createOutbox } from '../../kit/outbox.ts'
import { eventually } from '../../kit/testing.ts'
import { openProxy } from './postgres-proxy.ts'

type Tables = { note: { text: string; size: number } }

const { STOA_TEST_DATABASE_URL: serverUrl = '' } = readEnvironment()
const unavailable = expect.objectContaining({ code: 'unavailable', status: 503 })
const times = (n: number) => Array.from({ length: n }, (_, index) => index)

type Given = { prefix?: string; port?: number; settings?: Record<string, string> }

/** A store with one table, in a schema of its own. */
async function openNotes({ prefix, port, settings }: Given = {}) {
  const url = new URL(serverUrl)
  if (port !== undefined) {
    url.hostname = '127.0.0.1'
    url.port = String(port)
  }
  const own = prefix ?? `${crypto.randomUUID().slice(0, 8)}_`
  const config = databaseConfig.parse({ DATABASE_URL: url.href, ...settings })
  const stores = createPostgresStores({ config, prefix: own, application: own })
  const store = await stores.open<Tables>('notes')
  await store.db.schema
    .createTable('note')
    .ifNotExists()
    .addColumn('text', 'text', (c) => c.primaryKey())
    .addColumn('size', 'integer', (c) => c.notNull())
    .execute()
  return { ...store, prefix: own, [Symbol.asyncDispose]: () => store.close() }
}

const insert = ({ db }: Pick<Store<Tables>, 'db'>, text: string) =>
  db.transaction().execute((tx) => tx.insertInto('note').values({ text, size: 0 }).execute())

const texts = async ({ db }: Pick<Store<Tables>, 'db'>) =>
  (await db.selectFrom('note').select('text').execute()).map(({ text }) => text)

/** Runs one statement as whoever looks after the server. */
async function asAdmin(text: string, values: unknown[] = []): Promise<pg.QueryResult> {
  const client = new pg.Client(serverUrl)
  await client.connect()
  try {
    return await client.query(text, values)
  } finally {
    await client.end()
  }
}

const terminate = (prefix: string) =>
  asAdmin(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name like $1 || '%'`,
    [prefix],
  )

/** Writes from many sides until told to end; says what was acknowledged and what went wrong. */
function writeUnderLoad(store: Pick<Store<Tables>, 'db'>) {
  const acknowledged: string[] = []
  const errors: unknown[] = []
  let ending = false
  const writers = times(8).map(async (writer) => {
    for (let n = 0; !ending; n++) {
      const text = `${writer}.${n}`
      try {
        await insert(store, text)
        acknowledged.push(text)
      } catch (error) {
        errors.push(error)
        await setTimeout(5)
      }
    }
  })
  return {
    acknowledged,
    errors,
    async end() {
      ending = true
      await Promise.all(writers)
    },
  }
}

test('connections that the server ends under load cost nothing that was acknowledged', async () => {
  await using store = await openNotes()
  const load = writeUnderLoad(store)

  const goOn = async () => {
    const before = load.acknowledged.length
    await eventually(() => load.acknowledged.length > before + 20, Boolean, 20_000)
  }
  // Sometimes all of them are idle just then, and nobody notices.
  for (let round = 0; round < 5 || load.errors.length === 0; round++) {
    await goOn()
    await terminate(store.prefix)
  }
  await goOn()
  await load.end()

  expect(load.errors).toEqual(load.errors.map(() => unavailable))
  const stored = new Set(await texts(store))
  expect(load.acknowledged.filter((text) => !stored.has(text))).toEqual([])
  await eventually(() => store.failure() === undefined)
  await insert(store, 'afterwards')
})

test('a server that is away makes queries unavailable at once, and is found again by itself', async () => {
  const { hostname: host, port } = new URL(serverUrl)
  await using proxy = await openProxy({ host, port: Number(port || 5432) })
  await using store = await openNotes({ port: proxy.port })
  const load = writeUnderLoad(store)
  await eventually(() => load.acknowledged.length > 20)

  await proxy.close()
  const started = performance.now()
  await expect(texts(store)).rejects.toEqual(unavailable)
  await expect(insert(store, 'meanwhile')).rejects.toEqual(unavailable)
  expect(performance.now() - started).toBeLessThan(2_000)
  await eventually(() => store.failure() !== undefined)
  expect(await store.lock('relay')).toBeUndefined()
  await proxy.open()

  const before = load.acknowledged.length
  await eventually(() => load.acknowledged.length > before + 20, Boolean, 20_000)
  await eventually(() => store.failure() === undefined, Boolean, 10_000)
  await load.end()
  expect(load.errors).toEqual(load.errors.map(() => unavailable))
  const stored = new Set(await texts(store))
  expect(load.acknowledged.filter((text) => !stored.has(text))).toEqual([])
})

test('a server that does not answer makes queries unavailable, and holds nobody up for ever', async () => {
  const { hostname: host, port } = new URL(serverUrl)
  await using proxy = await openProxy({ host, port: Number(port || 5432) })
  const settings = { DATABASE_STATEMENT_TIMEOUT_MS: '200', DATABASE_CONNECT_TIMEOUT_MS: '500' }
  await using store = await openNotes({ port: proxy.port, settings })
  await insert(store, 'before')
  const lock = await store.lock('relay')

  proxy.swallow(true)
  const started = performance.now()
  const asked = times(20).map((n) => insert(store, `meanwhile ${n}`))
  for (const result of await Promise.allSettled(asked)) {
    expect(result).toMatchObject({ status: 'rejected', reason: unavailable })
  }
  expect(performance.now() - started).toBeLessThan(5_000)
  await eventually(() => lock?.lost.aborted, Boolean, 15_000)
  // What was on its way is lost with the network.
  await proxy.close()
  proxy.swallow(false)
  await proxy.open()

  await eventually(
    () => insert(store, `after ${crypto.randomUUID()}`).then(Boolean, () => false),
    Boolean,
    10_000,
  )
})

test('what another process appends is heard of at once', async () => {
  const contract = defineContract({
    service: 'notes',
    summary: 'Notes',
    operations: {},
    events: { noted: { summary: 'Noted', key: 'text', schema: z.object({ text: z.string() }) } },
  })
  const outbox = createOutbox(contract)
  await using writer = await openNotes()
  await using reader = await openNotes({ prefix: writer.prefix })
  await migrate(writer.db, {})
  let heard = 0
  reader.onDurable(() => {
    heard++
  })
  const add = () =>
    writer.db
      .transaction()
      .execute((tx) => outbox.add(tx, 'noted', { text: 'a' }, startCall('test')))

  const started = performance.now()
  for (const _ of times(12)) {
    const before = heard
    await add()
    await eventually(() => heard > before)
  }
  // Looking now and then, once a second, would take six seconds for it.
  expect(performance.now() - started).toBeLessThan(3_000)

  await terminate(writer.prefix)
  await eventually(() => [reader, writer].every(({ failure }) => failure() === undefined))
  const before = heard
  await eventually(() =>
    add().then(
      () => true,
      () => false,
    ),
  )
  await eventually(() => heard > before)
})

test('a lock is one for all processes, and whoever loses the connection is told', async () => {
  await using one = await openNotes()
  await using two = await openNotes({ prefix: one.prefix })
  await using elsewhere = await openNotes()

  const [first, second] = await Promise.all([one.lock('relay'), two.lock('relay')])
  const [held] = [first, second].filter((lock) => lock !== undefined)
  expect([first, second].filter((lock) => lock === undefined)).toHaveLength(1)
  expect(await elsewhere.lock('relay')).toBeDefined()
  expect(held?.lost.aborted).toBe(false)

  await terminate(one.prefix)
  await eventually(() => held?.lost.aborted)
  const again = await eventually(() => two.lock('relay'))
  await eventually(() => one.failure() === undefined)
  expect(await one.lock('relay')).toBeUndefined()
  // It is not given back by who has lost it.
  await held?.[Symbol.asyncDispose]()
  expect(await one.lock('relay')).toBeUndefined()
  await again?.[Symbol.asyncDispose]()
  expect(await one.lock('relay')).toBeDefined()
})

test('two transactions that wait for each other: one is done, the other unavailable', async () => {
  await using store = await openNotes()
  await insert(store, 'a')
  await insert(store, 'b')
  const both = Promise.withResolvers<void>()
  let waiting = 0
  const grow = (tx: Kysely<Tables>, text: string) =>
    tx.updateTable('note').set({ size: 1 }).where('text', '=', text).execute()
  const cross = (first: string, then: string) =>
    store.db.transaction().execute(async (tx) => {
      await grow(tx, first)
      waiting++
      if (waiting === 2) both.resolve()
      await both.promise
      await grow(tx, then)
    })

  const outcomes = await Promise.allSettled([cross('a', 'b'), cross('b', 'a')])

  const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  expect(refused).toEqual([unavailable])
})

const touch = (db: Kysely<Tables>) => db.updateTable('note').set({ size: 1 }).execute()

test('a statement and a wait for a lock end when their time is over', async () => {
  const settings = { DATABASE_STATEMENT_TIMEOUT_MS: '1000', DATABASE_LOCK_TIMEOUT_MS: '300' }
  await using store = await openNotes({
    settings: { ...settings, DATABASE_IDLE_TIMEOUT_MS: '60000' },
  })
  await insert(store, 'a')

  await expect(sql`select pg_sleep(5)`.execute(store.db)).rejects.toEqual(unavailable)
  await store.db.transaction().execute(async (tx) => {
    await touch(tx)
    await expect(touch(store.db)).rejects.toEqual(unavailable)
  })
  await touch(store.db)
})

test('a transaction that waits for something else is undone, and holds nobody up', async () => {
  await using store = await openNotes({ settings: { DATABASE_IDLE_TIMEOUT_MS: '300' } })
  await insert(store, 'a')

  const idle = store.db.transaction().execute(async (tx) => {
    await touch(tx)
    await setTimeout(1_500)
    await touch(tx)
  })
  await expect(idle).rejects.toEqual(unavailable)
  expect(await store.db.selectFrom('note').selectAll().execute()).toEqual([{ text: 'a', size: 0 }])
  await touch(store.db)
})

test('who finds no connection free in time is told so', async () => {
  const settings = { DATABASE_CONNECTIONS: '1', DATABASE_CONNECT_TIMEOUT_MS: '200' }
  await using store = await openNotes({ settings })
  await store.db.transaction().execute(async (tx) => {
    await tx.insertInto('note').values({ text: 'a', size: 0 }).execute()
    await expect(texts(store)).rejects.toEqual(unavailable)
  })
  expect(await texts(store)).toEqual(['a'])
})

test('a prepared query whose table a migration changes goes on after one refusal at most', async () => {
  await using store = await openNotes({ settings: { DATABASE_CONNECTIONS: '1' } })
  const all = prepared((db: Kysely<Tables>, value: { size: number }) =>
    db.selectFrom('note').selectAll().where('size', '=', value.size),
  )
  await insert(store, 'a')
  await all(store.db, { size: 0 })
  await asAdmin(`alter table "${store.prefix}notes".note add column more text`)

  await expect(all(store.db, { size: 0 })).rejects.toEqual(unavailable)
  expect(await all(store.db, { size: 0 })).toEqual([{ text: 'a', size: 0, more: null }])
})

test('a text that no database can hold is refused as wrong input', async () => {
  await using store = await openNotes()
  await expect(insert(store, 'a\0b')).rejects.toMatchObject({ code: 'invalid_input', status: 400 })
  await insert(store, 'a')
})

test('whatever the server is set to, what is acknowledged is on its disk', async () => {
  const { pathname } = new URL(serverUrl)
  const database = pg.escapeIdentifier(pathname.slice(1))
  await asAdmin(`alter database ${database} set synchronous_commit = off`)
  try {
    await using store = await openNotes()
    const { rows } = await sql<Record<string, string>>`
      select current_setting('synchronous_commit') as sync,
        current_setting('transaction_isolation') as isolation,
        current_setting('lock_timeout') as locks
    `.execute(store.db)
    expect(rows[0]).toEqual({ sync: 'on', isolation: 'read committed', locks: '3s' })
  } finally {
    await asAdmin(`alter database ${database} reset synchronous_commit`)
  }
})

test.each([
  ['database', (url: URL) => ({ ...url, pathname: '/no-such-database' }), 'does not exist'],
  ['user', (url: URL) => ({ ...url, username: 'nobody_at_all' }), 'does not exist'],
])('a %s that is not there is told as a wrong setting', async (_, change, message) => {
  const url = new URL(serverUrl)
  Object.assign(url, change(url))
  const config = databaseConfig.parse({ DATABASE_URL: url.href })
  const opening = createPostgresStores({ config }).open('notes')
  await expect(opening).rejects.toThrow(ConfigError)
  await expect(opening).rejects.toThrow(new RegExp(`DATABASE_URL: .*${message}`))
})

test('a server that is not there at the start is unavailable', async () => {
  const config = databaseConfig.parse({ DATABASE_URL: 'postgres://127.0.0.1:1/none' })
  await expect(createPostgresStores({ config }).open('notes')).rejects.toEqual(unavailable)
})

test.each(['mysql://localhost/stoa', 'localhost:5432', ''])('%j is no address', (url) => {
  expect(databaseConfig.safeParse({ DATABASE_URL: url }).success).toBe(false)
})
