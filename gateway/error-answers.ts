import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Failure, kitFailure } from '../kit/failure.ts'
import type { Logger } from '../kit/log.ts'
import { addressTooLong, fromServer, gatewayFailure, notFound, toErrorBody } from './errors.ts'

/** Answers every error of a request in the one shape, wherever it came from. */
export function addErrorAnswers(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, log))
}

export function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): void {
  const failure = fromServer(error)
  const { status, retryAfter } = failure
  if (status >= 500) report(failure, error, request, log)
  if (retryAfter !== undefined) reply.header('retry-after', String(Math.ceil(retryAfter)))
  if (status === 401 && !reply.hasHeader('www-authenticate')) {
    reply.header('www-authenticate', 'Bearer realm="stoa"')
  }
  reply.header('cache-control', 'no-store')
  const body = toErrorBody(failure, pathOf(request.raw.url), request.id)
  reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body))
}

/** What a service did wrong is in the service's log; what the gateway did is told here. */
function report(failure: Failure, error: unknown, request: FastifyRequest, log: Logger): void {
  const { id: requestId, method, route } = request
  const { status, code } = failure
  const line = { event: 'http.failed', method, route, status, code, requestId }
  if (error instanceof Failure) log.warn(line)
  else log.error({ ...line, err: error })
}

/** The address without its query, which may hold what nobody should read in an error report. */
function pathOf(url = '/'): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

/** Refuses what no route takes: a method that a known address does not take, or the address. */
export type RefuseUnrouted = (request: FastifyRequest, reply: FastifyReply) => Failure

/** `methodsOf` names the routes, with parameters as `:name`, and the methods that each takes. */
export function createRefusal(methodsOf: ReadonlyMap<string, ReadonlySet<string>>): RefuseUnrouted {
  const routes = [...methodsOf].map(([url, methods]) => ({ pattern: toPattern(url), methods }))

  return (request, reply) => {
    const path = pathOf(request.raw.url)
    const bound = routes.filter(({ pattern }) => pattern.test(path))
    if (bound.length === 0) return notFound()
    const methods = new Set(bound.flatMap((route) => [...route.methods]))
    // The router takes it but for a part that is longer than it allows.
    if (methods.has(request.method)) return addressTooLong()
    const allow = [...methods, 'OPTIONS'].join(', ')
    reply.header('allow', allow)
    return gatewayFailure('method_not_allowed', `This address takes ${allow}.`)
  }
}

function toPattern(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : RegExp.escape(part)))
  return new RegExp(`^${parts.join('/')}$`)
}

/** Failures that happen before there is a request, by the codes of Node's parser. */
const beforeRequests: Readonly<Record<string, () => Failure>> = {
  HPE_HEADER_OVERFLOW: () => gatewayFailure('headers_too_large', 'The headers are too large.'),
  ERR_HTTP_REQUEST_TIMEOUT: () =>
    gatewayFailure('request_timeout', 'The request did not arrive in time.'),
}

/** Answers what cannot be read as HTTP at all, and hangs up. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const failure =
    beforeRequests[error.code ?? '']?.() ??
    kitFailure('invalid_input', 'This is not a valid HTTP request.')
  const requestId = randomUUID()
  const body = JSON.stringify(toErrorBody(failure, '', requestId))
  const head = [
    `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
