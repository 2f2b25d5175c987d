import type { CallContext } from './context.ts'
import type { Contract } from './contract.ts'

/** One event on its way, as JSON: the same on every bus. */
export type EventRecord = {
  id: string
  /** Service that announced it, or the topic itself for what others wrote. */
  service: string
  event: string
  topic: string
  key: string
  payload: unknown
  occurredAt: string
  requestId: string
  traceparent: string
}

/** A service's outbox as the bus sees it: a log with positions. */
export type OutboxLog = {
  service: string
  /** Everything that can be in it. */
  topics: ReadonlySet<string>
  read(after: number, limit: number): Promise<{ position: number; record: EventRecord }[]>
  /** How far a group has come, from before a restart. */
  offsets(): Promise<ReadonlyMap<string, number>>
  saveOffset(group: string, position: number): Promise<void>
  /** Forgets what everybody has. */
  trim(position: number): Promise<void>
  /** Calls back when there is more to read. */
  onAppend(listener: () => void): void
  /** The oldest that are still there, for a bus that keeps the log itself. */
  take(limit: number): Promise<{ position: number; record: EventRecord }[]>
  /** Forgets what the bus cannot lose any more. */
  remove(positions: readonly number[]): Promise<void>
  /** Makes one process the only one that publishes; nothing when another one is. */
  lock(): Promise<Lock | undefined>
}

/** Exclusive among all processes until disposed of, or until `lost` says otherwise. */
export type Lock = AsyncDisposable & { lost: AbortSignal }

export type Answer = (operation: string, input: unknown, context: CallContext) => Promise<unknown>

/**
 * Settles when each record has had its effect or is parked, durably: then, and not before, the
 * bus may count them as delivered. Delivering one twice is harmless.
 */
export type Apply = (records: readonly EventRecord[]) => Promise<void>

export type SignalRecord = { service: string; signal: string; payload: unknown }

/**
 * The only way between services. A driver moves JSON and promises no more than this:
 * calls are answered or fail within their deadline; events arrive at least once, in order per
 * key, at every named group; watchers and signals get what passes while they listen.
 */
export type Bus = {
  serve(contract: Contract, answer: Answer): Promise<void>
  call(
    contract: Contract,
    operation: string,
    input: unknown,
    context: CallContext,
  ): Promise<unknown>
  /** Publishes everything that is and will be in an outbox. */
  relay(outbox: OutboxLog): Promise<void>
  /** Receives topics as one of a named group of readers. */
  subscribe(group: string, topics: readonly string[], apply: Apply): Promise<void>
  /**
   * Sees every record of the topics from now on, as each gateway does. `onGap` tells that some may
   * have passed unseen.
   */
  watch(
    topics: readonly string[],
    listener: (record: EventRecord) => void,
    onGap?: () => void,
  ): Promise<void>
  /** Writes to an entrance; settles when the record cannot be lost any more. */
  produce(topic: string, key: string, payload: unknown): Promise<void>
  signal(record: SignalRecord): void
  onSignal(listener: (record: SignalRecord) => void): void
  /** Whether calls and events can pass now. */
  ready(): boolean
  /** Takes no more calls and events; settles when those that were taken have ended. */
  drain(): Promise<void>
  /** Drains, publishes what still waits, and lets go of everything. */
  close(): Promise<void>
}
