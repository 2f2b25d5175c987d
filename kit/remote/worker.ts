import type { Answer, Bus } from '../bus.ts'
import type { CallContext } from '../context.ts'
import type { Contract, OperationDefinition } from '../contract.ts'
import { Failure, kitFailure, toFailureBody } from '../failure.ts'
import { byteLength, processOf } from './names.ts'
import type { RemoteParts } from './parts.ts'
import { createQueues } from './queues.ts'
import { header, type Message } from './transport.ts'

/** Calls at once, beyond which a worker refuses more rather than answering all of them late. */
const mostAtOnce = 2_000
const replyAttempts = 3

export type Worker = {
  /** Answers for one more contract; settles when requests for it can arrive. */
  serve: Bus['serve']
  /** Settles when no call is under way. */
  settled(): Promise<void>
}

type Served = { contract: Contract; answer: Answer }

/** The callee's side of calls between processes: lets in who may call, and answers in order. */
export function createWorker(parts: RemoteParts): Worker {
  const { transport, tokens, versionOf, log, metrics } = parts
  const served = new Map<string, Served>()
  const joined = new Map<string, Promise<void>>()
  const knownMismatches = new Set<string>()
  const queues = createQueues()
  const underWay = new Set<Promise<void>>()

  function receive(root: string, message: Message): void {
    const { headers } = message
    const replyTo = headers[header.replyTo]
    const deadline = Number(headers[header.deadline])
    if (!replyTo || !headers[header.correlationId] || !Number.isFinite(deadline)) {
      drop(root, 'malformed')
      return
    }
    if (deadline <= Date.now()) {
      drop(root, 'deadline')
      return
    }
    const caller = tokens.verify(headers[header.serviceToken] ?? '', root)
    if (caller === undefined) {
      drop(root, 'token')
      log.warn({ event: 'call.bad_token', service: root, requestId: headers[header.requestId] })
      track(reply(message, kitFailure('internal', 'The service token is missing or wrong.')))
      return
    }
    if (underWay.size >= mostAtOnce) {
      drop(root, 'overload')
      const failure = kitFailure('unavailable', `${root} is busy.`, { retryAfter: 1 })
      track(reply(message, failure))
      return
    }
    const work = () => answer(root, message, { caller, deadline })
    track(message.key === undefined ? work() : queues.add(`${root}/${message.key}`, work))
  }

  function drop(service: string, reason: string): void {
    metrics.callsDropped.inc({ service, reason })
  }

  function track(work: Promise<void>): void {
    underWay.add(work)
    void work.finally(() => underWay.delete(work))
  }

  async function answer(
    root: string,
    message: Message,
    { caller, deadline }: Pick<CallContext, 'caller' | 'deadline'>,
  ): Promise<void> {
    const { headers } = message
    // While it waited for its turn, the caller may have gone.
    if (deadline <= Date.now()) {
      drop(root, 'deadline')
      return
    }
    const service = headers[header.service] ?? root
    const operation = headers[header.operation] ?? ''
    const target = processOf(service) === root ? served.get(service) : undefined
    try {
      if (!target) throw kitFailure('unavailable', `${service} is not answered here.`)
      const { input, ...rest } = readBody(message.body)
      const context: CallContext = {
        ...rest,
        caller,
        deadline,
        requestId: headers[header.requestId] ?? '',
        traceparent: headers[header.traceparent] ?? '',
      }
      const result = await target.answer(operation, input, context)
      await reply(message, result, definitionOf(target, operation))
    } catch (error) {
      await reply(message, explain(error, message, target))
    }
  }

  /** A wrong input from another release is the releases' fault, and says so. */
  function explain(error: unknown, { headers }: Message, target: Served | undefined): unknown {
    const operation = headers[header.operation] ?? ''
    const definition = target && definitionOf(target, operation)
    const theirs = headers[header.contractVersion]
    if (!definition || theirs === undefined || theirs === versionOf(definition)) return error
    const name = `${target.contract.service}.${operation}`
    if (!knownMismatches.has(name)) {
      knownMismatches.add(name)
      log.warn({ event: 'call.other_version', operation: name })
    }
    if (!(error instanceof Failure) || error.code !== 'invalid_input') return error
    const message = `${name} was called by an incompatible release: ${error.message}`
    return kitFailure('invalid_input', message, error)
  }

  async function reply(
    { headers }: Message,
    result: unknown,
    definition?: OperationDefinition,
  ): Promise<void> {
    const failed = result instanceof Error
    let body = JSON.stringify(failed ? toFailureBody(toFailure(result)) : result)
    let outcome = failed ? 'failure' : 'ok'
    if (byteLength(body) > transport.maxBodyBytes) {
      log.error({ event: 'call.answer_too_large', operation: headers[header.operation] })
      body = JSON.stringify(toFailureBody(kitFailure('internal', 'The answer is too large.')))
      outcome = 'failure'
    }
    const message: Message = {
      key: undefined,
      headers: {
        [header.correlationId]: headers[header.correlationId] ?? '',
        [header.outcome]: outcome,
        ...(definition && { [header.contractVersion]: versionOf(definition) }),
      },
      body,
    }
    for (let attempt = 1; ; attempt++) {
      try {
        await transport.sendReply(headers[header.replyTo] ?? '', message)
        return
      } catch (error) {
        const isLate = Date.now() >= Number(headers[header.deadline])
        if (attempt < replyAttempts && !isLate) {
          await new Promise((resolve) => setTimeout(resolve, attempt * 100))
          continue
        }
        log.warn({ event: 'call.answer_lost', requestId: headers[header.requestId], err: error })
        return
      }
    }
  }

  return {
    async serve(contract, answerOf) {
      served.set(contract.service, { contract, answer: answerOf })
      const root = processOf(contract.service)
      let joining = joined.get(root)
      if (!joining) {
        joining = transport.serveRequests(root, (message) => receive(root, message))
        joined.set(root, joining)
        joining.catch(() => joined.delete(root))
      }
      await joining
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}

function definitionOf({ contract }: Served, operation: string): OperationDefinition | undefined {
  return Object.hasOwn(contract.operations, operation) ? contract.operations[operation] : undefined
}

type Body = Pick<CallContext, 'actor' | 'client'> & { input: unknown }

/** The caller is known by its token, so its word on actor and client is taken. */
function readBody(text: string): Body {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    throw kitFailure('invalid_input', 'The request is not JSON.', { cause: error })
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw kitFailure('invalid_input', 'The request is not an object.')
  }
  const { input, actor, client } = body as Partial<Body>
  return { input, actor, client: client ?? { ip: '', userAgent: '', local: false } }
}

function toFailure(error: unknown): Failure {
  return error instanceof Failure ? error : kitFailure('internal', undefined, { cause: error })
}
