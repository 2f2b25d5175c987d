import { hash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import type { Apply, Bus, EventRecord, OutboxLog, SignalRecord } from './bus.ts'
import { type ClientOf, createAnswer, createClients } from './call.ts'
import { readEnvironment } from './config.ts'
import { type Actor, type CallContext, startCall } from './context.ts'
import {
  type Contract,
  type EntranceName,
  type EntranceOf,
  type EventName,
  type EventOf,
  topicOf,
} from './contract.ts'
import { createPostgresStores } from './db/postgres.ts'
import { databaseConfig } from './db/settings.ts'
import { createSqliteStores, type Stores, type WrapDialect } from './db/store.ts'
import { hostService, type RunningService } from './host.ts'
import { createLocalBus, type Hostility } from './local-bus.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import type { AnyService, Handlers } from './service.ts'

/** Everything late, much of it twice, and keys overtaking each other. */
export const hostile: Hostility = {
  delayMs: () => Math.random() * 4,
  repeats: () => Math.random() < 0.5,
}

/** A folder of its own for a test, gone when the test is. */
export function temporaryFolder(): { path: string; [Symbol.dispose](): void } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stoa-'))
  return {
    path: folder,
    [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true, force: true }),
  }
}

/** Stores that can be forgotten as well, with all that is in them. */
export type TestStores = Stores & { forget(): Promise<void> }

/**
 * The stores that a test keeps in a folder: SQLite files, or schemas of their own, named after the
 * folder, in the PostgreSQL database that `STOA_TEST_DATABASE_URL` names; there, with settings of
 * the test's own.
 */
export function openTestStores(
  folder: string,
  settings: NodeJS.Dict<string> = {},
  wrap?: WrapDialect,
): TestStores {
  const { STOA_TEST_DATABASE_URL: url } = readEnvironment()
  if (!url) return { ...createSqliteStores(folder, { wrap }), forget: async () => undefined }
  const prefix = `${hash('sha1', folder, 'base64url').slice(0, 10)}_`
  const config = databaseConfig.parse({
    DATABASE_URL: url,
    // Several test files run at once, and some send hundreds of calls at once.
    DATABASE_CONNECTIONS: '4',
    DATABASE_CONNECT_TIMEOUT_MS: '20000',
    ...settings,
  })
  const opened = new Set<string>()
  // What tests look at does not hang on the server's disk, and would wait for it most of the time.
  const application = 'stoa-test'
  const stores = createPostgresStores({ config, prefix, application, durable: false, wrap })
  return {
    async open<Tables>(name: string) {
      opened.add(`${prefix}${name}`)
      return stores.open<Tables>(name)
    },
    close: stores.close,
    async forget() {
      const client = new pg.Client(url)
      await client.connect()
      for (const schema of opened) {
        await client.query(`drop schema if exists ${pg.escapeIdentifier(schema)} cascade`)
      }
      await client.end()
    },
  }
}

/** Has statements wait for something before they reach the database. */
function waitBefore(wait: (sql: string) => Promise<void> | undefined): WrapDialect {
  return (dialect) => ({
    ...dialect,
    createDriver() {
      const driver = dialect.createDriver()
      return {
        ...driver,
        async acquireConnection(...options) {
          const connection = await driver.acquireConnection(...options)
          const executeQuery = connection.executeQuery.bind(connection)
          connection.executeQuery = async (query, ...rest) => {
            await wait(query.sql)
            return executeQuery(query, ...rest)
          }
          return connection
        },
      }
    },
  })
}

/** Waits until something is so, and fails with what was last seen. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  isSo: (seen: T) => boolean = Boolean,
  withinMs = 5_000,
): Promise<T> {
  const until = Date.now() + withinMs
  for (;;) {
    const seen = await look()
    if (isSo(seen)) return seen
    if (Date.now() > until) throw new Error(`Never came true; last seen: ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** What is sorted by time is only in order when its times differ. */
export async function nextMillisecond(): Promise<void> {
  const now = Date.now()
  await eventually(() => Date.now() > now)
}

type StandIns<Uses> = {
  [K in keyof Uses]?: Uses[K] extends Contract ? Partial<Handlers<Uses[K]>> : never
}

export type TestOptions<D extends AnyService> = {
  /** Handlers of the services that it calls; what is not given fails the test that needs it. */
  uses?: StandIns<NonNullable<D['uses']>>
  /** Settings as they would stand in the environment. */
  environment?: Record<string, string>
  /** A folder to keep the database in, to open it again. */
  folder?: string
  retryDelaysMs?: readonly number[]
  /**
   * Says what a statement has to wait for, so that a test decides what happens in between; outside
   * transactions only, as SQLite runs those at once.
   */
  beforeStatement?: (sql: string) => Promise<void> | undefined
  /** How long callers wait: longer than usual, so that a busy machine fails no test. */
  deadlineMs?: number
}

/** One service on a real store, with real validation both ways, and its events in sight. */
export type TestedService<C extends Contract> = AsyncDisposable & {
  /** Calls as a person: confirmed and an ordinary user unless told otherwise. */
  as(userId: string, detail?: Partial<Actor> & { client?: CallContext['client'] }): Caller<C>
  anonymous: Caller<C>
  /** Calls as another service. */
  internally: Caller<C>
  /** Every event announced so far, in order. */
  events(): Promise<{ event: string; payload: unknown }[]>
  signals(): { signal: string; payload: unknown }[]
  /** An event of another service arrives, twice as any event may; settles after its effect. */
  announce<L extends Contract, E extends EventName<L>>(
    source: L,
    event: E,
    payload: EventOf<L, E>,
  ): Promise<void>
  /** Somebody writes to an entrance; the record arrives twice. */
  produce<E extends EntranceName<C>>(topic: E, payload: EntranceOf<C, E>): Promise<void>
  parked: RunningService['inbox']
}

const patienceMs = 30_000

const person = { ip: '192.0.2.1', userAgent: 'test', local: false }

type AnyHandler = Parameters<typeof createAnswer>[1][string]

type Caller<C extends Contract> = {
  [O in keyof ClientOf<C>]: (input: Parameters<ClientOf<C>[O]>[0]) => ReturnType<ClientOf<C>[O]>
}

export async function testService<D extends AnyService>(
  definition: D,
  options: TestOptions<D> = {},
): Promise<TestedService<D['contract']>> {
  const contract: Contract = definition.contract
  const temporary = options.folder ? undefined : temporaryFolder()
  const folder = options.folder ?? temporary?.path ?? ''
  const log = createLog('silent')
  const metrics = createMetrics()
  const local = createLocalBus({ log, metrics, hostility: hostile })
  let outbox: OutboxLog | undefined
  let apply: Apply | undefined
  const signals: { signal: string; payload: unknown }[] = []
  const bus: Bus = {
    ...local,
    async relay(own) {
      outbox = { ...own, trim: async () => {} }
      await local.relay(outbox)
    },
    async subscribe(group, topics, own) {
      apply = own
      await local.subscribe(group, topics, own)
    },
  }
  local.onSignal(({ signal, payload }: SignalRecord) => signals.push({ signal, payload }))

  const uses: Record<string, Contract> = definition.uses ?? {}
  const standIns = (options.uses ?? {}) as Record<string, Record<string, AnyHandler>>
  for (const [name, used] of Object.entries(uses)) {
    const missing = (operation: string) => async () => {
      throw new Error(`The test gives no ${name}.${operation}`)
    }
    const handlers = Object.fromEntries(
      Object.keys(used.operations).map((operation) => [
        operation,
        standIns[name]?.[operation] ?? missing(operation),
      ]),
    )
    await local.serve(used, createAnswer(used, handlers, { log, metrics }))
  }

  const { beforeStatement } = options
  const stores = openTestStores(folder, {}, beforeStatement && waitBefore(beforeStatement))
  // biome-ignore lint/suspicious/noExplicitAny: the tables are the service's own.
  const store = await stores.open<any>(contract.service)
  const service = await hostService(definition, {
    bus,
    store,
    config: definition.config?.parse(options.environment ?? {}) ?? {},
    log,
    metrics,
    ...(options.retryDelaysMs && { retryDelaysMs: options.retryDelaysMs }),
  })
  await service.start()

  function callerFor(context: () => Partial<CallContext>, caller: string): Caller<Contract> {
    const { client } = createClients(bus, caller, { client: contract })
    return Object.fromEntries(
      Object.entries(client).map(([operation, send]) => [
        operation,
        (input: Record<string, unknown>) => {
          const deadline = Date.now() + (options.deadlineMs ?? patienceMs)
          return send(input, startCall(caller, { deadline, ...context() }))
        },
      ]),
    )
  }

  async function deliver(
    record: Omit<EventRecord, 'id' | 'occurredAt' | 'requestId' | 'traceparent'>,
  ) {
    const { requestId, traceparent } = startCall('test')
    const whole: EventRecord = JSON.parse(
      JSON.stringify({
        ...record,
        id: crypto.randomUUID(),
        occurredAt: new Date().toISOString(),
        requestId,
        traceparent,
      }),
    )
    await apply?.([whole])
    await apply?.([whole])
  }

  const tested: TestedService<Contract> = {
    as: (id, { client = person, ...detail } = {}) =>
      callerFor(
        () => ({
          actor: { id, sessionId: `session-of-${id}`, role: 'user', confirmed: true, ...detail },
          client,
        }),
        'outside',
      ),
    anonymous: callerFor(() => ({ client: person }), 'outside'),
    internally: callerFor(() => ({}), 'test'),
    async events() {
      const entries = (await outbox?.read(0, 100_000)) ?? []
      return entries.map(({ record: { event, payload } }) => ({ event, payload }))
    },
    signals: () => signals,
    announce: (source, event, payload) =>
      deliver({
        service: source.service,
        event,
        topic: topicOf(source, event),
        key: String((payload as Record<string, unknown>)[source.events?.[event]?.key ?? '']),
        payload,
      }),
    produce: (topic, payload) =>
      deliver({
        service: topic,
        event: topic,
        topic,
        key: String((payload as Record<string, unknown>)[contract.entrances?.[topic]?.key ?? '']),
        payload,
      }),
    parked: service.inbox,
    async [Symbol.asyncDispose]() {
      await service.stop()
      await bus.close()
      await store.close()
      await stores.close()
      if (temporary) await stores.forget()
      temporary?.[Symbol.dispose]()
    },
  }
  return tested as TestedService<D['contract']>
}
