import { fastify } from 'fastify'
import type { Logger } from '../kit/log.ts'
import type { Metrics } from '../kit/metrics.ts'
import { addErrorAnswers } from './error-answers.ts'
import { notFound } from './errors.ts'
import { mountMetrics } from './exposition.ts'
import { type HealthOptions, mountHealth } from './health.ts'
import { requestIdOf } from './requests.ts'
import type { StatusConfig } from './status-config.ts'

export type StatusOptions = Omit<HealthOptions, 'config' | 'isReady'> & {
  config: StatusConfig
  /** Whether calls and events can pass now. */
  isReady(): boolean
  log: Logger
  metrics: Metrics
}

/** A process without the public door, as a scheduler and Prometheus see it. */
export type Status = {
  /** Answers from then on; with the address. */
  listen(): Promise<string>
  /** Says that it is not ready any more. */
  drain(): void
  close(): Promise<void>
}

/** Serves `/health`, `/api/v1/health…` and `/metrics`, in the same shape as the gateway. */
export async function createStatus(options: StatusOptions): Promise<Status> {
  const { config, metrics } = options
  let draining = false
  const app = fastify({ genReqId: requestIdOf, requestTimeout: 30_000, bodyLimit: 1_024 })
  addErrorAnswers(app, options.log.child({ part: 'status' }))
  app.setNotFoundHandler(() => {
    throw notFound()
  })
  mountHealth(app, { ...options, isReady: () => !draining && options.isReady() })
  mountMetrics(app, metrics, config.METRICS_TOKEN)
  await app.ready()

  return {
    listen: () => app.listen({ host: config.HOST, port: config.PORT }),
    drain() {
      draining = true
    },
    close: () => app.close(),
  }
}
