import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { createTimings, type Series } from './timings.ts'

/** What the kit counts; services and the gateway add their own to the same registry. */
export type Metrics = {
  registry: Registry
  /** A timer for one operation: outcome code and milliseconds. */
  call(service: string, operation: string): (code: string, ms: number) => void
  eventsPublished: Counter<'service' | 'event'>
  eventsApplied: Counter<'group' | 'event' | 'outcome'>
  eventLag: Histogram<'group'>
  callsDropped: Counter<'service' | 'reason'>
  callsRepeated: Counter<'service'>
  circuitOpen: Gauge<'service'>
  relayLag: Gauge<'service'>
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const calls = createTimings(registry, {
    name: 'stoa_call_duration_seconds',
    help: 'Calls between services, by outcome',
    bounds: seconds,
  })
  return {
    registry,
    call(service, operation) {
      const byCode = new Map<string, Series>()
      return (code, ms) => {
        let series = byCode.get(code)
        if (!series) {
          series = calls.open({ service, operation, code })
          byCode.set(code, series)
        }
        series.observe(ms / 1000)
      }
    },
    eventsPublished: new Counter({
      name: 'stoa_events_published_total',
      help: 'Events that left an outbox',
      labelNames: ['service', 'event'],
      registers,
    }),
    eventsApplied: new Counter({
      name: 'stoa_events_applied_total',
      help: 'Events that a group has dealt with: applied, repeated, parked or dead',
      labelNames: ['group', 'event', 'outcome'],
      registers,
    }),
    eventLag: new Histogram({
      name: 'stoa_event_lag_seconds',
      help: 'Time from an event to its effect',
      labelNames: ['group'],
      buckets: seconds,
      registers,
    }),
    callsDropped: new Counter({
      name: 'stoa_calls_dropped_total',
      help: 'Calls that a service did not answer as asked: deadline, token, malformed or overload',
      labelNames: ['service', 'reason'],
      registers,
    }),
    callsRepeated: new Counter({
      name: 'stoa_calls_repeated_total',
      help: 'Calls that were sent once more',
      labelNames: ['service'],
      registers,
    }),
    circuitOpen: new Gauge({
      name: 'stoa_circuit_open',
      help: 'Whether calls to a service are refused at once because it does not answer',
      labelNames: ['service'],
      registers,
    }),
    relayLag: new Gauge({
      name: 'stoa_relay_lag_seconds',
      help: 'Age of the oldest event that waits to be published',
      labelNames: ['service'],
      registers,
    }),
  }
}
