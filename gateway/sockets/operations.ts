import { randomUUID } from 'node:crypto'
import type { Bus } from '../../kit/bus.ts'
import { checkInput, demandAccess } from '../../kit/call.ts'
import { startCall } from '../../kit/context.ts'
import type { Contract, OperationDefinition } from '../../kit/contract.ts'
import { Failure, kitFailure } from '../../kit/failure.ts'
import type { Logger } from '../../kit/log.ts'
import type { Tracing, Work } from '../../kit/tracing/tracing.ts'
import { troubleOf } from '../../kit/tracing/trouble.ts'
import { toErrorBody, toFailure } from '../errors.ts'
import { traceSocketEvent } from '../tracing.ts'
import type { SocketConfig } from './config.ts'
import { type Connection, type Connections, expired } from './connections.ts'
import { type Limit, take, tierCosts } from './limits.ts'
import { roomsOf } from './rooms.ts'

type Ack = (answer: unknown) => void
type Received = { requestId: string; work: Work | undefined; ack: Ack | undefined }
type Binding = { contract: Contract; operation: string; definition: OperationDefinition }

export type OperationsOptions = {
  contracts: readonly Contract[]
  bus: Bus
  config: SocketConfig
  log: Logger
  tracing: Tracing | undefined
  renew: Connections['renew']
}

/**
 * Turns client events into calls. Whatever a client sends gets one answer: the operation's
 * output or the error body in the acknowledgement, or an `exception` where none was asked for.
 */
export function createOperations(options: OperationsOptions) {
  const { contracts, bus, config, log, tracing, renew } = options
  const bindings = new Map<string, Binding>()
  for (const contract of contracts) {
    for (const [operation, definition] of Object.entries(contract.operations)) {
      const { socket } = definition
      if (!socket) continue
      if (bindings.has(socket)) throw new Error(`Two operations are bound to ${socket}`)
      bindings.set(socket, { contract, operation, definition })
    }
  }
  const limit: Limit = { amount: config.SOCKET_EVENTS_PER_10S, perMs: 10_000 }

  async function receive(connection: Connection, event: unknown, args: unknown[]): Promise<void> {
    const { socket } = connection
    const last = args.at(-1)
    const ack = typeof last === 'function' ? (last as Ack) : undefined
    const path = `${socket.nsp.name} ${String(event).slice(0, 100)}`
    const requestId = randomUUID()
    const binding = bindings.get(path)
    const work = tracing && binding && traceSocketEvent(tracing, path)
    try {
      const cost = tierCosts[binding?.definition.tier ?? 'default']
      const retryAfter = take(connection.sent, limit, Date.now(), cost)
      if (retryAfter > 0) throw kitFailure('rate_limited', 'Slow down.', { retryAfter })
      const input = readPayload(ack ? args.slice(0, -1) : args)
      if (event === 'session:renew') {
        const renewed = await renew(connection, input)
        ack?.(renewed)
      } else if (binding) {
        await call(connection, binding, input, { requestId, work, ack })
      } else {
        throw kitFailure('not_found', `There is no event ${path}.`)
      }
      work?.end()
    } catch (error) {
      const failure = toFailure(error)
      work?.end(troubleOf(failure))
      if (!(error instanceof Failure)) {
        log.error({ event: 'socket.event_failed', path, requestId, err: error })
      }
      const body = toErrorBody(failure, path, requestId)
      if (ack) ack(body)
      else socket.emit('exception', body)
    }
  }

  async function call(
    connection: Connection,
    { contract, operation, definition }: Binding,
    input: Readonly<Record<string, unknown>>,
    { requestId, work, ack }: Received,
  ): Promise<void> {
    const { session, line, rooms, socket } = connection
    if (session.expiresAt <= Date.now()) throw expired()
    const { id, sessionId, role, confirmed } = session
    const actor = { id, sessionId, role, confirmed }
    const { client } = line
    const context = startCall('outside', {
      actor,
      requestId,
      client,
      ...(work && { traceparent: work.traceparent }),
    })
    demandAccess(definition.access, context)
    const checked = checkInput(definition, input) as Readonly<Record<string, unknown>>
    const entry = definition.joins
      ? rooms.open(connection, roomsOf(definition.joins, checked))
      : undefined
    let output: unknown
    try {
      output = await bus.call(contract, operation, checked, context)
    } catch (error) {
      entry?.abandon()
      throw error
    }
    if (definition.leaves) {
      for (const room of roomsOf(definition.leaves, checked)) rooms.leave(connection, room)
    }
    const release = entry?.admit()
    ack?.(output)
    if (definition.replies) socket.emit(definition.replies, output)
    // Only behind the answer: it names where the live stream starts.
    release?.()
  }

  return receive
}

function readPayload(args: readonly unknown[]): Readonly<Record<string, unknown>> {
  const [payload = {}, ...more] = args
  const isObject =
    typeof payload === 'object' &&
    payload !== null &&
    !Array.isArray(payload) &&
    !Buffer.isBuffer(payload)
  if (!isObject || more.length > 0) {
    throw kitFailure('invalid_input', 'An event carries one object.')
  }
  return payload as Readonly<Record<string, unknown>>
}
