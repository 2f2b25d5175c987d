import type { Apply, Bus } from './bus.ts'
import { createAnswer, createClients } from './call.ts'
import { startCall } from './context.ts'
import { topicOf } from './contract.ts'
import { migrate } from './db/migrate.ts'
import type { Store } from './db/store.ts'
import type { KitTables } from './db/tables.ts'
import { createDeadLetterHandlers, deadLettersOf } from './dead-letters.ts'
import { createInbox, type Effect, type Inbox } from './inbox.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { createOutbox, createOutboxLog } from './outbox.ts'
import type { AnyService } from './service.ts'
import { demandStorable } from './storable.ts'

export type HostOptions = {
  bus: Bus
  // biome-ignore lint/suspicious/noExplicitAny: the tables are the service's own.
  store: Store<any>
  config: unknown
  log: Logger
  metrics: Metrics
  /** Waits between attempts at a failing event. */
  retryDelaysMs?: readonly number[]
}

/** A service that runs: its parts are made, its events arrive, its outbox can be relayed. */
export type RunningService = {
  name: string
  inbox: Inbox
  // biome-ignore lint/suspicious/noExplicitAny: the tables are the service's own.
  store: Store<any>
  /** Starts what the service does by itself, and publishes what waits in its outbox. */
  start(): Promise<void>
  /** Ends its own work; calls that are under way still get their answers. */
  stop(): Promise<void>
}

/**
 * Gives one service its place: database brought up to date, parts made, calls answered, events
 * received. All services of a process are hosted before the first one starts, so that no outbox
 * is relayed before its readers are known.
 */
export async function hostService(
  definition: AnyService,
  { bus, store, config, log, metrics, retryDelaysMs }: HostOptions,
): Promise<RunningService> {
  const { contract } = definition
  const name: string = contract.service
  const ownLog = log.child({ service: name })
  await migrate(store.db, definition.migrations)

  const parts = definition.create({
    db: store.db,
    outbox: createOutbox(contract),
    signals: {
      send(signal: string, payload: unknown) {
        const checked = contract.signals[signal].schema.parse(payload)
        bus.signal({ service: name, signal, payload: checked })
      },
    },
    clients: createClients(bus, name, definition.uses ?? {}),
    config,
    log: ownLog,
    startCall: (origin) => startCall(name, origin),
  })

  const effects = new Map<string, Effect>()
  const { entrances = {}, ...heard } = parts.subscribers ?? {}
  for (const [service, effectsByEvent] of Object.entries(heard)) {
    const source = definition.listens[service]
    for (const [event, effect] of Object.entries(effectsByEvent as Record<string, EffectOf>)) {
      const { schema } = source.events[event]
      effects.set(topicOf(source, event), (tx, record) =>
        effect(tx, schema.parse(record.payload), record),
      )
    }
  }
  for (const [topic, effect] of Object.entries(entrances as Record<string, EffectOf>)) {
    const { schema } = contract.entrances[topic]
    effects.set(topic, (tx, record) => {
      const payload = schema.parse(record.payload)
      demandStorable(payload)
      return effect(tx, payload, record)
    })
  }

  const inbox = await createInbox({
    group: name,
    store: store as Store<KitTables>,
    effectOf: ({ topic }) => effects.get(topic),
    log: ownLog,
    metrics,
    ...(retryDelaysMs && { delaysMs: retryDelaysMs }),
  })
  await bus.serve(contract, createAnswer(contract, parts.handlers, { log: ownLog, metrics }))
  const deadLetters = deadLettersOf(contract)
  const deadLetterHandlers = createDeadLetterHandlers(contract, inbox)
  await bus.serve(
    deadLetters,
    createAnswer(deadLetters, deadLetterHandlers, { log: ownLog, metrics }),
  )
  const apply: Apply = (records) => inbox.apply(records)
  if (effects.size > 0) await bus.subscribe(name, [...effects.keys()], apply)

  return {
    name,
    inbox,
    store,
    async start() {
      await bus.relay(createOutboxLog(contract, store as Store<KitTables>))
      for (const job of parts.jobs ?? []) job.start()
    },
    async stop() {
      await Promise.all((parts.jobs ?? []).map((job) => job.stop()))
      await inbox.close()
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: each effect has its own types, checked where it is defined.
type EffectOf = (tx: any, payload: any, record: any) => Promise<void>
