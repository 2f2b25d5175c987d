import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { demandAccess } from '../kit/call.ts'
import { type CallContext, createTraceparent } from '../kit/context.ts'
import type { OperationDefinition, Tier } from '../kit/contract.ts'
import { Failure } from '../kit/failure.ts'
import { type ClientReader, networkOf } from './client.ts'
import type { Cookies } from './cookies.ts'
import { type Limits, tooMany } from './limits.ts'
import type { Session, Sessions } from './sessions.ts'
import type { Shedder } from './shedding.ts'

export type AdmissionOptions = {
  sessions: Sessions
  limits: Limits
  shedder: Shedder
  cookies: Cookies
  readClient: ClientReader
}

type Answer<T> = T | Promise<T>

/** The call that a request stands for; its deadline begins when its input is there. */
type Admit = (request: FastifyRequest, reply: FastifyReply) => Answer<CallContext>

/**
 * Makes what decides, before a body is read, whether an operation is called at all: load, limit,
 * session and access. It answers at once unless a token has to be verified for the first time.
 */
export function createAdmission({
  sessions,
  limits,
  shedder,
  cookies,
  readClient,
}: AdmissionOptions): (operation: OperationDefinition) => Admit {
  function count(tier: Tier, key: string, reply: FastifyReply): void {
    const allowance = limits.take(tier, key)
    limits.describe(reply, tier, allowance)
    if (allowance.remaining < 0) throw tooMany(allowance)
  }

  /** Verifying a token costs; whoever sends bad ones pays for it with requests. */
  async function verify(token: string, tier: Tier, key: string, reply: FastifyReply) {
    if (limits.isExhausted(tier, key)) count(tier, key, reply)
    try {
      return await sessions.authenticate(token)
    } catch (error) {
      if (isBadToken(error)) {
        count(tier, key, reply)
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
      if (cookie) cookies.demandOwnPage(request)

      const client = readClient(request.raw)
      const enter = (actor: Session | undefined): CallContext => {
        const { traceparent } = request.headers
        const call: CallContext = {
          actor,
          caller: 'outside',
          requestId: request.id,
          traceparent: createTraceparent(oneOf(traceparent)),
          deadline: Number.POSITIVE_INFINITY,
          client,
        }
        demandAccess(access, call)
        return call
      }
      const token = readToken(request.headers)
      const known = token ? sessions.recall(token) : undefined
      if (known && !lenient) {
        count(tier, userKey(known), reply)
        return enter(known)
      }
      const stranger = `address ${networkOf(client.ip)}`
      if (lenient || !token) count(tier, stranger, reply)
      if (known || !token) return enter(known)
      if (lenient) return sessions.authenticate(token).catch(ignoreBadToken).then(enter)
      return verify(token, tier, stranger, reply).then((session) => {
        count(tier, userKey(session), reply)
        return enter(session)
      })
    }
  }
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
