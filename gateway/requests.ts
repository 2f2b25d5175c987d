import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { notJson, unsupportedMediaType } from './errors.ts'
import type { GatewayMetrics } from './metrics.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** When its head had arrived, by the monotonic clock. */
    startedAt: number
    /** Pattern of its route, as metrics call it. */
    route: string
  }
}

const saneId = /^[\w.:-]{8,128}$/

/** The caller's own request id where it is harmless to log, or a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && saneId.test(given) ? given : randomUUID()
}

/** What every request goes through, whatever it asks for. */
export function addBasics(
  app: FastifyInstance,
  headers: Readonly<Record<string, string>>,
  metrics: GatewayMetrics,
  isDraining: () => boolean,
): void {
  app.decorateRequest('startedAt', 0)
  app.decorateRequest('route', '')

  app.addHook('onRequest', (request, reply, done) => {
    request.startedAt = performance.now()
    reply.headers(headers)
    reply.header('x-request-id', request.id)
    if (isDraining()) reply.header('connection', 'close')
    done()
  })

  app.addHook('onSend', (request, reply, payload, done) => {
    const route = request.route || routeOf(request)
    const ms = performance.now() - request.startedAt
    metrics.answered(request.method, route, reply.statusCode, ms)
    done(null, payload)
  })
}

function routeOf(request: FastifyRequest): string {
  return request.is404 ? 'none' : (request.routeOptions.url ?? 'none')
}

/** Takes JSON in UTF-8 and nothing else; an empty body counts as none. */
export function addJsonParser(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (request, body, done) => {
      const encoding = request.headers['content-encoding'] ?? 'identity'
      if (encoding !== 'identity') return done(unsupportedMediaType())
      if (body.length === 0) return done(null, undefined)
      if (!isUtf8(body)) return done(notJson())
      return parse(request, body.toString(), done)
    },
  )
}
