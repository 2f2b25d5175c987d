import type * as z from 'zod'

/**
 * Who may call an operation. `public`: anyone. `session`: signed in, even with an unconfirmed
 * e-mail. `member`: signed in and confirmed. `moderator`, `admin`: at least that role.
 * `internal`: other services only; such an operation has no `http` and no `socket`.
 */
export type Access = 'public' | 'session' | 'member' | 'moderator' | 'admin' | 'internal'

export type Role = 'user' | 'moderator' | 'admin'

/** Named rate limits; every operation counts against one. */
export type Tier = 'default' | 'auth' | 'otp' | 'upload'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export type OperationDefinition = {
  summary: string
  description?: string
  /** `POST /posts/{id}/comments`: below the API prefix; `{name}` is a field of the input. */
  http?: `${Method} /${string}`
  /** Status of success: 200 unless something is created. */
  status?: 200 | 201
  /** `/chat message:send`: namespace and client-to-server event that call this operation. */
  socket?: `/${string} ${string}`
  /** Rooms the calling socket enters before, or leaves after, the call: `conversation:{id}`. */
  joins?: string
  leaves?: string
  /** Server-to-client event that repeats the answer to the calling socket. */
  replies?: string
  access: Access
  tier?: Tier
  input: z.ZodObject
  output: z.ZodObject
  /** Failure codes this operation may answer with, and their HTTP status. */
  errors?: Readonly<Record<string, number>>
  /** May be repeated without further effect; reads always are. */
  idempotent?: boolean
  /** Longest time that a caller waits, when the work may need more than the usual 5,000 ms. */
  deadlineMs?: number
  /** Input field whose value keeps calls in order on a bus. */
  key?: string
  /** How the gateway keeps a browser's refresh token out of reach of scripts (D-07). */
  cookie?: { read?: string; write?: string; clear?: boolean }
}

/** What gateways send to sockets when an event or a signal passes. */
export type Push = {
  /** `/chat message:new` */
  socket: `/${string} ${string}`
  /** Rooms that hear it, with fields of the payload: `conversation:{conversationId}`. */
  room: string
  /** Payload field with the id of a user who shall not hear it. */
  except?: string
}

/** A change of who hears a room: the sockets of one user enter or leave it. */
export type RoomChange = {
  namespace: `/${string}`
  change: 'join' | 'leave'
  /** Payload field with the user's id. */
  user: string
  room: string
}

export type EventDefinition = {
  summary: string
  schema: z.ZodObject
  /** Payload field whose value keeps events in order. */
  key: string
  /** Topic on the bus, when it is not `<service>.<event>`. */
  topic?: string
  push?: readonly Push[]
  rooms?: readonly RoomChange[]
}

export type SignalDefinition = {
  summary: string
  schema: z.ZodObject
  push: readonly Push[]
}

export type EntranceDefinition = {
  summary: string
  schema: z.ZodObject
  key: string
}

export type ContractDefinition = {
  service: string
  summary: string
  operations: Readonly<Record<string, OperationDefinition>>
  events?: Readonly<Record<string, EventDefinition>>
  signals?: Readonly<Record<string, SignalDefinition>>
  /** Literal topics that others may write to, and this service reads. */
  entrances?: Readonly<Record<string, EntranceDefinition>>
  /** Internal operation that names the rooms of a user who connects to the namespace. */
  roomsAtConnect?: Readonly<Record<`/${string}`, string>>
}

export type Contract = ContractDefinition

/** Declares everything public about a service, and refuses declarations that cannot work. */
export function defineContract<const C extends ContractDefinition>(contract: C): C {
  for (const [name, operation] of Object.entries<OperationDefinition>(contract.operations)) {
    const where = `${contract.service}.${name}`
    const fields = Object.keys(operation.input.shape)
    const outside = operation.http ?? operation.socket
    if ((operation.access === 'internal') === Boolean(outside)) {
      throw new Error(`${where}: an operation is either internal or has an http or socket binding`)
    }
    const named = [
      ...placeholdersOf(operation.http ?? ''),
      ...placeholdersOf(operation.joins ?? ''),
      ...placeholdersOf(operation.leaves ?? ''),
      ...(operation.key ? [operation.key] : []),
    ]
    for (const field of named) {
      if (!fields.includes(field)) throw new Error(`${where}: the input has no field ${field}`)
    }
  }
  for (const [name, event] of Object.entries<EventDefinition>(contract.events ?? {})) {
    const fields = Object.keys(event.schema.shape)
    const named = [
      event.key,
      ...(event.push ?? []).flatMap((push) => [
        ...placeholdersOf(push.room),
        ...(push.except ? [push.except] : []),
      ]),
      ...(event.rooms ?? []).flatMap((rooms) => [...placeholdersOf(rooms.room), rooms.user]),
    ]
    for (const field of named) {
      if (!fields.includes(field)) {
        throw new Error(`${contract.service}.${name}: the payload has no field ${field}`)
      }
    }
  }
  return contract
}

/** Topic that carries an event between services. */
export function topicOf(contract: Contract, event: string): string {
  return contract.events?.[event]?.topic ?? `${contract.service}.${event}`
}

/** The names between braces in a path or a room. */
export function placeholdersOf(template: string): string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
}

/** Whether an operation only reads: it may be repeated, cached and answered with an ETag. */
export function isRead(operation: OperationDefinition): boolean {
  return operation.http?.startsWith('GET ') ?? operation.idempotent ?? false
}

// ── Types made from a contract ────────────────────────────────────────────────────────────

export type OperationName<C extends Contract> = keyof C['operations'] & string
export type EventName<C extends Contract> = keyof NonNullable<C['events']> & string
export type SignalName<C extends Contract> = keyof NonNullable<C['signals']> & string

/** What a caller passes: fields with a default may be left out. */
export type InputOf<C extends Contract, O extends OperationName<C>> = z.input<
  C['operations'][O]['input']
>
/** What a handler receives, and what an answer holds. */
export type CheckedInputOf<C extends Contract, O extends OperationName<C>> = z.output<
  C['operations'][O]['input']
>
export type OutputOf<C extends Contract, O extends OperationName<C>> = z.output<
  C['operations'][O]['output']
>
export type EventOf<C extends Contract, E extends EventName<C>> = z.output<
  NonNullable<C['events']>[E]['schema']
>
export type EntranceName<C extends Contract> = keyof NonNullable<C['entrances']> & string
export type EntranceOf<C extends Contract, E extends EntranceName<C>> = z.output<
  NonNullable<C['entrances']>[E]['schema']
>
export type SignalOf<C extends Contract, S extends SignalName<C>> = z.output<
  NonNullable<C['signals']>[S]['schema']
>
/** Failure codes that any operation of the contract declares. */
export type FailureCode<C extends Contract> = {
  [O in OperationName<C>]: C['operations'][O] extends { errors: infer E } ? keyof E & string : never
}[OperationName<C>]
