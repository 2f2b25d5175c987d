import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'

const methods = 'GET, POST, PUT, DELETE, PATCH'
const allowedHeaders =
  'Content-Type, Authorization, X-Access-Token, X-XSRF-TOKEN, X-Request-Id, Traceparent, Idempotency-Key, If-None-Match'
const exposedHeaders =
  'RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, ETag, Idempotency-Replayed'

export type Origins = {
  /** Whether pages of an origin may use the API: the site's own, and those that are listed. */
  isAllowed(origin: string, request: IncomingMessage): boolean
}

export function createOrigins(publicOrigin: string, listed: readonly string[]): Origins {
  const allowed = new Set([publicOrigin, ...listed])
  return {
    isAllowed(origin, { headers: { host } }) {
      return allowed.has(origin) || origin === `http://${host}` || origin === `https://${host}`
    },
  }
}

/**
 * Answers browsers that ask whether a page of another origin may call (CORS). An origin that may
 * not gets the same answers without the permission, and the browser keeps them from the page.
 */
export function addCors(app: FastifyInstance, origins: Origins): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers
    reply.header('vary', 'Origin')
    if (origin !== undefined && origins.isAllowed(origin, request.raw)) {
      reply.header('access-control-allow-origin', origin)
      reply.header('access-control-allow-credentials', 'true')
      reply.header('access-control-expose-headers', exposedHeaders)
    }
    done()
  })

  app.options('/*', (_request, reply) => {
    if (reply.hasHeader('access-control-allow-origin')) {
      reply.header('access-control-allow-methods', methods)
      reply.header('access-control-allow-headers', allowedHeaders)
      reply.header('access-control-max-age', '600')
    }
    reply.header('allow', `${methods}, HEAD, OPTIONS`).code(204).send()
  })
}
