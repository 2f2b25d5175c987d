import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Apply, Bus, EventRecord, OutboxLog, SignalRecord } from './bus.ts'
import { type ClientOf, createAnswer, createClients } from './call.ts'
import { type Actor, type CallContext, startCall } from './context.ts'
import {
  type Contract,
  type EntranceName,
  type EntranceOf,
  type EventName,
  type EventOf,
  topicOf,
} from './contract.ts'
import { createSqliteStores } from './db/store.ts'
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

  const stores = createSqliteStores(folder)
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
        (input: Record<string, unknown>) => send(input, startCall(caller, context())),
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
      temporary?.[Symbol.dispose]()
    },
  }
  return tested as TestedService<D['contract']>
}
