import type { Kysely, Transaction } from 'kysely'
import type * as z from 'zod'
import type { EventRecord } from './bus.ts'
import type { ClientOf } from './call.ts'
import type { Call, CallContext, Origin } from './context.ts'
import type {
  CheckedInputOf,
  Contract,
  EntranceName,
  EntranceOf,
  EventName,
  EventOf,
  FailureCode,
  OperationName,
  SignalName,
  SignalOf,
} from './contract.ts'
import type { Migrations } from './db/migrate.ts'
import { Failure, type FailureDetail } from './failure.ts'
import type { Job } from './job.ts'
import type { Logger } from './log.ts'
import type { Outbox } from './outbox.ts'

/** One function per operation of a contract. */
export type Handlers<C extends Contract> = {
  [O in OperationName<C>]: (
    input: CheckedInputOf<C, O>,
    call: Call<C['operations'][O]['access']>,
  ) => Promise<z.input<C['operations'][O]['output']>>
}

/**
 * Effects of events and of records at entrances. Each runs inside the transaction that also
 * records that the event was received, so it happens once; it must not wait for anything but `tx`.
 */
export type Subscribers<Tables, Listens extends Contracts, Own extends Contract = Contract> = {
  [K in keyof Listens]?: {
    [E in EventName<Listens[K]>]?: (
      tx: Transaction<Tables>,
      payload: EventOf<Listens[K], E>,
      record: EventRecord,
    ) => Promise<void>
  }
} & {
  entrances?: {
    [E in EntranceName<Own>]?: (
      tx: Transaction<Tables>,
      payload: EntranceOf<Own, E>,
      record: EventRecord,
    ) => Promise<void>
  }
}

type Contracts = Readonly<Record<string, Contract>>

/** Sends signals to every gateway: at once, at most once. */
export type Signals<C extends Contract> = {
  send<S extends SignalName<C>>(signal: S, payload: SignalOf<C, S>): void
}

/** Everything a service is given; it reaches for nothing else. */
export type ServiceDeps<
  C extends Contract,
  Tables,
  // biome-ignore lint/complexity/noBannedTypes: a service that uses no other has no clients.
  Uses extends Contracts = {},
  Config = unknown,
> = {
  db: Kysely<Tables>
  outbox: Outbox<C>
  signals: Signals<C>
  clients: { [K in keyof Uses]: ClientOf<Uses[K]> }
  config: Config
  log: Logger
  /** A call of the service's own, with no person behind it; continues an origin's trace. */
  startCall(origin?: Origin): CallContext
}

/** What a service's factory returns: its parts, sharing what the factory made. */
export type ServiceParts<C extends Contract, Tables, Listens extends Contracts> = {
  handlers: Handlers<C>
  subscribers?: Subscribers<Tables, Listens, C>
  jobs?: readonly Job[]
}

export type ServiceDefinition<
  C extends Contract = Contract,
  Tables = unknown,
  Uses extends Contracts = Contracts,
  Listens extends Contracts = Contracts,
  ConfigSchema extends z.ZodObject = z.ZodObject,
> = {
  contract: C
  /** Services that it calls. */
  uses?: Uses
  /** Services whose events it hears. */
  listens?: Listens
  /** Its settings: environment names and their checks. */
  config?: ConfigSchema
  migrations: Migrations
  /** Tables that it fills by itself from its others, if they are as its migrations left them. */
  derived?: readonly string[]
  create(
    deps: ServiceDeps<C, Tables, Uses, z.output<ConfigSchema>>,
  ): ServiceParts<C, Tables, Listens>
}

// biome-ignore lint/suspicious/noExplicitAny: a list of services holds different ones.
export type AnyService = ServiceDefinition<any, any, any, any, any>

/** Declares a service: its contract, what it uses, and the factory that makes its parts. */
export function defineService<
  C extends Contract,
  Tables,
  // biome-ignore lint/complexity/noBannedTypes: as above.
  Uses extends Contracts = {},
  // biome-ignore lint/complexity/noBannedTypes: as above.
  Listens extends Contracts = {},
  ConfigSchema extends z.ZodObject = z.ZodObject,
>(
  definition: ServiceDefinition<C, Tables, Uses, Listens, ConfigSchema>,
): ServiceDefinition<C, Tables, Uses, Listens, ConfigSchema> {
  return definition
}

/** Makes the failures that a contract declares; a code it does not declare does not compile. */
export function failuresOf<C extends Contract>(contract: C) {
  const statuses = new Map<string, number>()
  for (const { errors } of Object.values(contract.operations)) {
    for (const [code, status] of Object.entries<number>(errors ?? {})) statuses.set(code, status)
  }
  return (code: FailureCode<C>, message?: string, detail?: FailureDetail): Failure => {
    const status = statuses.get(code)
    if (status === undefined) throw new Error(`${contract.service} declares no failure ${code}`)
    return new Failure(code, status, message, detail)
  }
}
