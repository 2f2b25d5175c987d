import { randomUUID } from 'node:crypto'
import type { Access, Role } from './contract.ts'

/** The signed-in person on whose behalf a call is made. */
export type Actor = {
  id: string
  sessionId: string
  role: Role
  /** Whether the e-mail address is confirmed; without it only `session` operations are open. */
  confirmed: boolean
}

export type Client = { ip: string; userAgent: string; local: boolean }

/** What follows a request through every service that it touches. */
export type CallContext = {
  actor: Actor | undefined
  /** Who makes this very call: a service, or the gateway. */
  caller: string
  requestId: string
  /** W3C trace context. */
  traceparent: string
  /** Milliseconds since 1970 after which nobody waits for the answer. */
  deadline: number
  /** Where the person's request came from; `local` when certainly from this very machine. */
  client: Client
}

/** The part of a call that its events carry on. */
export type Origin = Pick<CallContext, 'requestId' | 'traceparent'>

/** What a handler sees: an actor who is surely there when the operation's access demands one. */
export type Call<A extends Access> = Omit<CallContext, 'actor'> & {
  actor: A extends 'public' | 'internal' ? Actor | undefined : Actor
}

export const defaultDeadlineMs = 5_000

/** Begins a call that no request stands behind: a job's, a subscriber's or a test's. */
export function startCall(caller: string, detail: Partial<CallContext> = {}): CallContext {
  return {
    actor: undefined,
    caller,
    requestId: randomUUID(),
    traceparent: createTraceparent(),
    deadline: Date.now() + defaultDeadlineMs,
    client: { ip: '', userAgent: '', local: false },
    ...detail,
  }
}

const traceparentPattern = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** Continues the caller's trace, or begins one (W3C Trace Context, level 1). */
export function createTraceparent(parent?: string): string {
  const id = createHex()
  // This half holds the UUID's variant, so that it is never all zeros, which the format forbids.
  const span = id.slice(16)
  return parent && traceparentPattern.test(parent)
    ? `${parent.slice(0, 36)}${span}${parent.slice(52)}`
    : `00-${id}-${span}-00`
}

/** 32 digits of a UUID, because Node draws many of those at once and random bytes one by one. */
function createHex(): string {
  const id = randomUUID()
  return `${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}`
}
