import { randomUUID } from 'node:crypto'
import type { Bus } from '../bus.ts'
import type { CallContext } from '../context.ts'
import { type Contract, isRead, type OperationDefinition } from '../contract.ts'
import { Failure, type FailureBody, kitFailure, readFailureBody } from '../failure.ts'
import { type Breaker, createBreaker, createRetryBudget } from './breaker.ts'
import { byteLength, processOf } from './names.ts'
import type { RemoteParts } from './parts.ts'
import { header, type Message } from './transport.ts'

/** How late a deadline may be noticed. */
const tickMs = 20
/** How long an answer may take before a call that may be repeated is sent once more. */
const patienceMs = 1_000
const attemptsAtMost = 3

export type Caller = {
  call: Bus['call']
  /** Where answers arrive; nothing is sent before it is known. */
  open(address: string): void
  receive(message: Message): void
  close(): void
}

/** One call on its way. */
type Pending = {
  root: string
  request: Message
  deadline: number
  breaker: Breaker
  /** When it is sent again; never when it must not be. */
  repeatAt: number
  attempts: number
  settle: (outcome: Message | Failure) => void
}

/**
 * The caller's side of calls between processes. Answers find their call by its correlation id;
 * one clock watches all deadlines. What may be repeated is sent again under the same id, and the
 * first answer counts.
 */
export function createCaller(parts: RemoteParts): Caller {
  const { transport, tokens, versionOf, log, metrics } = parts
  const pending = new Map<string, Pending>()
  const breakers = new Map<string, Breaker>()
  const knownMismatches = new Set<string>()
  const budget = createRetryBudget()
  // Unique among all processes, so that those who share a place for answers never mix them up.
  const prefix = randomUUID()
  let counter = 0
  let replyTo: string | undefined
  let closed = false
  let ticking = false

  function breakerOf(root: string): Breaker {
    let breaker = breakers.get(root)
    if (!breaker) {
      breaker = createBreaker((isOpen) => {
        metrics.circuitOpen.set({ service: root }, isOpen ? 1 : 0)
        log.warn({ event: isOpen ? 'circuit.opened' : 'circuit.closed', service: root })
      })
      breakers.set(root, breaker)
    }
    return breaker
  }

  function send(id: string, entry: Pending): void {
    entry.attempts++
    transport.sendRequest(entry.root, entry.request).catch((error) => {
      if (pending.get(id) !== entry) return
      if (mayRepeat(entry) && repeatSoon(entry)) return
      entry.breaker.fail()
      entry.settle(unavailable(`${entry.root} cannot be reached.`, error))
    })
  }

  function mayRepeat({ repeatAt, attempts }: Pending): boolean {
    return repeatAt !== Number.POSITIVE_INFINITY && attempts < attemptsAtMost
  }

  /** Plans one more attempt a moment from now; false when there is no time or budget for it. */
  function repeatSoon(entry: Pending): boolean {
    const at = Date.now() + 50 + Math.random() * 100
    if (at >= entry.deadline || !budget.spend()) return false
    entry.repeatAt = at
    return true
  }

  function tick(): void {
    const now = Date.now()
    for (const [id, entry] of pending) {
      if (now >= entry.deadline) {
        entry.breaker.fail()
        entry.settle(unavailable('The answer took too long.'))
      } else if (now >= entry.repeatAt) {
        const isLast = entry.attempts + 1 >= attemptsAtMost
        entry.repeatAt = isLast ? Number.MAX_VALUE : now + patienceMs
        metrics.callsRepeated.inc({ service: entry.root })
        send(id, entry)
      }
    }
    ticking = pending.size > 0
    if (ticking) setTimeout(tick, tickMs)
  }

  function exchange(
    root: string,
    request: Message,
    { id, deadline, repeatable }: { id: string; deadline: number; repeatable: boolean },
  ): Promise<Message> {
    const breaker = breakerOf(root)
    if (!breaker.allows()) {
      throw unavailable(`${root} does not answer; it is tried again in a moment.`)
    }
    return new Promise((resolve, reject) => {
      const now = Date.now()
      const patience = Math.max(100, Math.min(patienceMs, (deadline - now) / 2))
      const entry: Pending = {
        root,
        request,
        deadline,
        breaker,
        repeatAt: repeatable ? now + patience : Number.POSITIVE_INFINITY,
        attempts: 0,
        settle(outcome) {
          pending.delete(id)
          if (outcome instanceof Failure) reject(outcome)
          else resolve(outcome)
        },
      }
      pending.set(id, entry)
      budget.earn()
      send(id, entry)
      if (!ticking) {
        ticking = true
        setTimeout(tick, tickMs)
      }
    })
  }

  function readAnswer(answer: Message, contract: Contract, operation: string): unknown {
    const body: unknown = parse(answer.body)
    if (answer.headers[header.outcome] !== 'ok') throw toFailure(body)
    const definition = contract.operations[operation]
    const version = answer.headers[header.contractVersion]
    if (!definition || version === undefined || version === versionOf(definition)) return body
    return readOther(definition, body, `${contract.service}.${operation}`)
  }

  /** The callee runs another release: what it says is taken when it means something here. */
  function readOther(definition: OperationDefinition, body: unknown, name: string): unknown {
    if (!knownMismatches.has(name)) {
      knownMismatches.add(name)
      log.warn({ event: 'call.other_version', operation: name })
    }
    const result = definition.output.safeParse(body)
    if (result.success) return result.data
    log.error({ event: 'call.incompatible_version', operation: name, err: result.error })
    throw kitFailure('unavailable', `${name} was answered by an incompatible release.`, {
      cause: result.error,
    })
  }

  return {
    open(address) {
      replyTo = address
    },
    async call(contract, operation, input, context) {
      const definition = contract.operations[operation]
      if (!definition) throw kitFailure('not_found', `There is no operation ${operation}.`)
      if (replyTo === undefined || closed) throw unavailable('The bus is not connected.')
      if (Date.now() >= context.deadline) throw unavailable('The deadline passed.')
      const root = processOf(contract.service)
      const id = `${prefix}.${counter++}`
      const body = writeBody(input, context)
      const bytes = byteLength(body)
      if (bytes > transport.maxBodyBytes) {
        const limit = `${bytes} bytes are more than the ${transport.maxBodyBytes} that fit`
        throw kitFailure('invalid_input', `The input is too large: ${limit}.`)
      }
      const request: Message = {
        key: keyOf(definition, input),
        headers: {
          [header.correlationId]: id,
          [header.replyTo]: replyTo,
          [header.service]: contract.service,
          [header.operation]: operation,
          [header.deadline]: String(context.deadline),
          [header.serviceToken]: tokens.mint(context.caller, root),
          [header.contractVersion]: versionOf(definition),
          [header.requestId]: context.requestId,
          [header.traceparent]: context.traceparent,
        },
        body,
      }
      const repeatable = isRead(definition) || definition.idempotent === true
      const answer = await exchange(root, request, { id, deadline: context.deadline, repeatable })
      return readAnswer(answer, contract, operation)
    },
    receive(message) {
      // Answers to others in the same place, and those that come too late, find no call here.
      const entry = pending.get(message.headers[header.correlationId] ?? '')
      if (!entry) return
      entry.breaker.succeed()
      const failed = message.headers[header.outcome] !== 'ok'
      if (failed && mayRepeat(entry) && isUnavailable(message.body) && repeatSoon(entry)) return
      entry.settle(message)
    },
    close() {
      closed = true
      for (const { settle } of pending.values()) settle(unavailable('The bus is closed.'))
    },
  }
}

function writeBody(input: unknown, { actor, client }: CallContext): string {
  try {
    return JSON.stringify({ input, actor, client })
  } catch (error) {
    throw kitFailure('internal', undefined, { cause: error })
  }
}

function keyOf({ key }: OperationDefinition, input: unknown): string | undefined {
  if (key === undefined || typeof input !== 'object' || input === null) return undefined
  const value = (input as Record<string, unknown>)[key]
  return typeof value === 'string' ? value : undefined
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (error) {
    throw kitFailure('internal', undefined, { cause: error })
  }
}

function toFailure(body: unknown): Failure {
  const { code, status } = (body ?? {}) as Partial<FailureBody>
  if (typeof code !== 'string' || typeof status !== 'number') return kitFailure('internal')
  return readFailureBody(body as FailureBody)
}

function isUnavailable(body: string): boolean {
  try {
    return (JSON.parse(body) as Partial<FailureBody> | null)?.code === 'unavailable'
  } catch {
    return false
  }
}

function unavailable(message: string, cause?: unknown): Failure {
  return kitFailure('unavailable', message, { retryAfter: 1, cause })
}
