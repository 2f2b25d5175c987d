import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { demandAccess } from '../kit/call.ts'
import type { CallContext } from '../kit/context.ts'
import type { OperationDefinition, Tier } from '../kit/contract.ts'
import { Failure, kitFailure } from '../kit/failure.ts'
import { type ClientReader, networkOf } from './client.ts'
import type { Cookies } from './cookies.ts'
import { type Allowance, type Answer, type Limits, tooMany } from './limits.ts'
import type { Pacer } from './pacing.ts'
import type { Session, Sessions } from './sessions.ts'
import type { Shedder } from './shedding.ts'
import { traceparentOf } from './tracing.ts'

export type AdmissionOptions = {
  sessions: Sessions
  limits: Limits
  shedder: Shedder
  pacer: Pacer
  cookies: Cookies
  readClient: ClientReader
}

/** The call that a request stands for; its deadline begins when its input is there. */
type Admit = (request: FastifyRequest, reply: FastifyReply) => Answer<CallContext>

/**
 * Makes what decides, before a body is read, whether an operation is called at all: load, limit,
 * session and access. It answers at once unless a crowd came before, or a token has to be verified
 * for the first time.
 */
export function createAdmission({
  sessions,
  limits,
  shedder,
  pacer,
  cookies,
  readClient,
}: AdmissionOptions): (operation: OperationDefinition) => Admit {
  function count(tier: Tier, key: string, reply: FastifyReply): Promise<void> | undefined {
    const check = (allowance: Allowance) => {
      limits.describe(reply, tier, allowance)
      if (allowance.remaining < 0) throw tooMany(allowance)
    }
    const allowance = limits.take(tier, key)
    if (allowance instanceof Promise) return allowance.then(check)
    check(allowance)
    return undefined
  }

  /** Verifying a token costs; whoever sends bad ones pays for it with requests. */
  async function verify(token: string, tier: Tier, key: string, reply: FastifyReply) {
    if (await limits.isExhausted(tier, key)) await count(tier, key, reply)
    try {
      return await sessions.authenticate(token)
    } catch (error) {
      if (isBadToken(error)) {
        await count(tier, key, reply)
        reply.header('www-authenticate', 'Bearer realm="stoa", error="invalid_token"')
      }
      throw error
    }
  }

  return (operation) => {
    const { access, tier = 'default', cookie } = operation
    // Who begins, renews or ends a session may come with an access token that is past its time,
    // and is counted by address, whoever it is.
    const lenient = access === 'public' && cookie !== undefined
    const important = lenient || tier === 'auth'

    return (request, reply) => {
      const refusal = shedder.refusal(important)
      if (refusal) throw refusal
      const turn = pacer.turn()
      if (!turn) return letIn(request, reply)
      // Whoever stands in the line is there, and counts.
      shedder.enter()
      return turn.then(() => {
        shedder.leave()
        if (request.raw.socket.destroyed)
          throw kitFailure('unavailable', 'Nobody waits for it any more.')
        return letIn(request, reply)
      })
    }

    function letIn(request: FastifyRequest, reply: FastifyReply): Answer<CallContext> {
      if (cookie) cookies.demandOwnPage(request)

      const client = readClient(request.raw)
      const enter = (actor: Session | undefined): CallContext => {
        const call: CallContext = {
          actor,
          caller: 'outside',
          requestId: request.id,
          traceparent: traceparentOf(request),
          deadline: Number.POSITIVE_INFINITY,
          client,
        }
        demandAccess(access, call)
        return call
      }
      const token = readToken(request.headers)
      const known = token ? sessions.recall(token) : undefined
      if (known && !lenient) return after(count(tier, userKey(known), reply), () => enter(known))
      const stranger = `address ${networkOf(client.ip)}`
      const counted = lenient || !token ? count(tier, stranger, reply) : undefined
      if (known || !token) return after(counted, () => enter(known))
      if (lenient) {
        return after(counted, () => sessions.authenticate(token).catch(ignoreBadToken).then(enter))
      }
      return verify(token, tier, stranger, reply).then((session) =>
        after(count(tier, userKey(session), reply), () => enter(session)),
      )
    }
  }
}

/** Goes on at once where there is nothing to wait for. */
function after<T>(waited: Promise<void> | undefined, next: () => Answer<T>): Answer<T> {
  return waited ? waited.then(next) : next()
}

function userKey({ id }: Session): string {
  return `user ${id}`
}

function isBadToken(error: unknown): boolean {
  return error instanceof Failure && error.code === 'unauthenticated'
}

function ignoreBadToken(error: unknown): undefined {
  if (!isBadToken(error)) throw error
}

/** The access token; where HTTP Basic has the usual header, it comes in another. */
function readToken(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers
  if (authorization?.slice(0, 7).toLowerCase() === 'bearer ') return authorization.slice(7).trim()
  return oneOf(headers['x-access-token'])
}

function oneOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined
}
