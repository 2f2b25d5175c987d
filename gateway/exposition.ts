import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { kitFailure } from '../kit/failure.ts'
import type { Metrics } from '../kit/metrics.ts'
import type { Sessions } from './sessions.ts'

/** Shows the figures to Prometheus, or to whoever knows the token for them if there is one. */
export function mountMetrics(
  app: FastifyInstance,
  { registry }: Metrics,
  metricsToken: string | undefined,
): void {
  const wanted = metricsToken === undefined ? undefined : hash('sha256', metricsToken, 'buffer')

  app.get('/metrics', async (request, reply) => {
    const [, token = ''] = request.headers.authorization?.match(/^Bearer (\S+)$/i) ?? []
    if (wanted && !timingSafeEqual(hash('sha256', token, 'buffer'), wanted)) {
      throw kitFailure('unauthenticated', 'The token for metrics is needed.')
    }
    reply.header('cache-control', 'no-store').type(registry.contentType)
    return registry.metrics()
  })
}

/** Shows the keys to whoever verifies our tokens. */
export function mountKeys(app: FastifyInstance, sessions: Sessions): void {
  app.get('/.well-known/jwks.json', async (_, reply) => {
    const { keys } = await sessions.signingKeys()
    reply.header('cache-control', 'public, max-age=60').type('application/jwk-set+json')
    return JSON.stringify({ keys })
  })
}
