import * as z from 'zod'
import type { Answer, Bus } from './bus.ts'
import type { Actor, CallContext } from './context.ts'
import type {
  Access,
  Contract,
  InputOf,
  OperationDefinition,
  OperationName,
  OutputOf,
} from './contract.ts'
import { createDeadlines } from './deadline.ts'
import { Failure, type FieldError, kitFailure, kitFailures } from './failure.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { demandStorable } from './storable.ts'

/** Another service as a caller sees it: one method per operation. */
export type ClientOf<C extends Contract> = {
  [O in OperationName<C>]: (
    input: InputOf<C, O>,
    call: CallContext | CallLike,
  ) => Promise<OutputOf<C, O>>
}

/** Handlers pass on their own call, whose actor has a narrower type. */
type CallLike = Omit<CallContext, 'actor'> & { actor: Actor | undefined }

// biome-ignore lint/suspicious/noExplicitAny: each handler has its own types, checked where it is defined.
type AnyHandler = (input: any, call: any) => Promise<unknown>

/**
 * The callee's side of every call: access, input, handler, output, and the one place where an
 * unexpected error turns into `internal` and is logged with the request it belongs to.
 */
export function createAnswer(
  contract: Contract,
  handlers: Readonly<Record<string, AnyHandler>>,
  { log, metrics }: { log: Logger; metrics: Metrics },
): Answer {
  const operations = new Map(
    Object.entries(contract.operations).map(([name, definition]) => {
      const handler = handlers[name]
      if (!handler) throw new Error(`${contract.service} has no handler for ${name}`)
      return [name, { definition, handler, timer: metrics.call(contract.service, name) }]
    }),
  )

  const withDeadline = createDeadlines()

  return async (name, input, context) => {
    const operation = operations.get(name)
    if (!operation) throw kitFailure('not_found', `There is no operation ${name}.`)
    const { definition, handler, timer } = operation
    const started = performance.now()
    let code = 'ok'
    try {
      if (Date.now() >= context.deadline) throw kitFailure('unavailable', 'The deadline passed.')
      demandAccess(definition.access, context)
      const checked = checkInput(definition, input)
      const answer = await withDeadline(handler(checked, context), context.deadline)
      return compiled(definition.output).parse(answer)
    } catch (error) {
      const failure = toFailure(error, definition)
      code = failure.code
      if (failure.code === 'internal') {
        const { requestId } = context
        log.error({ event: 'call.failed', operation: name, requestId, err: error })
      }
      throw failure
    } finally {
      timer(code, performance.now() - started)
    }
  }
}

/** Makes the clients of the services that one service uses. */
export function createClients<Uses extends Readonly<Record<string, Contract>>>(
  bus: Bus,
  caller: string,
  uses: Uses,
): { [K in keyof Uses]: ClientOf<Uses[K]> } {
  const clients = Object.entries(uses).map(([name, contract]) => [
    name,
    Object.fromEntries(
      Object.keys(contract.operations).map((operation) => [
        operation,
        (input: unknown, call: CallContext) =>
          bus.call(contract, operation, input, { ...call, caller }),
      ]),
    ),
  ])
  return Object.fromEntries(clients)
}

const ranks: Record<Access, number> = {
  public: 0,
  session: 1,
  member: 2,
  moderator: 3,
  admin: 4,
  internal: 0,
}
const roleRanks = { user: 2, moderator: 3, admin: 4 } as const

/** Refuses a call that its operation's `access` does not allow. */
export function demandAccess(access: Access, { actor, caller }: CallContext): void {
  if (access === 'public') return
  if (access === 'internal') {
    if (caller === 'outside') throw kitFailure('not_found')
    return
  }
  if (!actor) throw kitFailure('unauthenticated', 'Sign in first.')
  if (access === 'session') return
  if (!actor.confirmed) throw kitFailure('email_unconfirmed', 'Confirm your e-mail address first.')
  if (roleRanks[actor.role] < ranks[access]) {
    throw kitFailure('forbidden', 'Your role does not allow this.')
  }
}

/** Schemas compiled at their first use: at the start it would take most of the start's time. */
const compiledSchemas = new WeakMap<z.ZodObject, z.ZodObject>()

function compiled(schema: z.ZodObject): z.ZodObject {
  const known = compiledSchemas.get(schema)
  if (known) return known
  const made = z.compile(schema)
  compiledSchemas.set(schema, made)
  return made
}

/** Checks an operation's input; the failure names every field that is wrong. */
export function checkInput(definition: OperationDefinition, input: unknown): unknown {
  const result = compiled(definition.input).safeParse(input)
  if (!result.success) throw toInvalidInput(result.error)
  demandStorable(result.data)
  return result.data
}

export function toInvalidInput(error: z.core.$ZodError): Failure {
  const errors = error.issues.flatMap(toFieldErrors)
  const [first] = errors
  const message = first ? `${first.field || 'input'}: ${first.message}` : undefined
  return kitFailure('invalid_input', message, { errors, cause: error })
}

function toFieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: [...issue.path, key].join('.'),
      message: 'There is no such field.',
    }))
  }
  return [{ field: issue.path.join('.'), message: issue.message }]
}

function toFailure(error: unknown, definition: OperationDefinition): Failure {
  if (error instanceof Failure) {
    if (error.code in kitFailures || (definition.errors && error.code in definition.errors)) {
      return error
    }
  }
  return kitFailure('internal', 'Something went wrong on our side.', { cause: error })
}
