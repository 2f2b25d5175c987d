import { Counter } from 'prom-client'
import type { Metrics } from '../kit/metrics.ts'
import { createTimings, type Series } from '../kit/timings.ts'

const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export type GatewayMetrics = {
  /** Counts one answer; `route` is a pattern, never an address with ids in it. */
  answered(method: string, route: string, status: number, ms: number): void
  signInAttempted(operation: string, code: string): void
}

export function createGatewayMetrics({ registry }: Metrics): GatewayMetrics {
  const registers = [registry]
  const labelNames = ['method', 'route', 'status_code']
  const durations = createTimings(registry, {
    name: 'http_request_duration_seconds',
    help: 'Time from the head of a request to its answer',
    bounds,
  })
  // Registers itself, and counts when it is read.
  new Counter({
    name: 'http_requests_total',
    help: 'Answers over HTTP',
    labelNames,
    registers,
    collect() {
      this.reset()
      for (const { labels, count } of durations.all()) this.inc(labels, count())
    },
  })
  const signIns = new Counter({
    name: 'auth_attempts_total',
    help: 'Calls of operations that give, renew or prove a session, by outcome',
    labelNames: ['operation', 'code'],
    registers,
  })
  const byRoute = new Map<string, Map<string, Series[]>>()

  function open(method: string, route: string, status: number): Series {
    const series = durations.open({ method, route, status_code: String(status) })
    const ofRoute = byRoute.get(route) ?? new Map<string, Series[]>()
    const ofMethod = ofRoute.get(method) ?? []
    ofMethod[status] = series
    byRoute.set(route, ofRoute.set(method, ofMethod))
    return series
  }

  return {
    answered(method, route, status, ms) {
      const series = byRoute.get(route)?.get(method)?.[status] ?? open(method, route, status)
      series.observe(ms / 1000)
    },
    signInAttempted: (operation, code) => signIns.inc({ operation, code }),
  }
}
