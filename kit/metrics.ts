import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What the kit counts; services and the gateway add their own to the same registry. */
export type Metrics = {
  registry: Registry
  /** A timer for one operation: outcome code and milliseconds. */
  call(service: string, operation: string): (code: string, ms: number) => void
  eventsPublished: Counter<'service' | 'event'>
  eventsApplied: Counter<'group' | 'event' | 'outcome'>
  eventLag: Histogram<'group'>
  parkedEvents: Gauge<'group' | 'state'>
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const calls = new Histogram({
    name: 'stoa_call_duration_seconds',
    help: 'Calls between services, by outcome',
    labelNames: ['service', 'operation', 'code'],
    buckets: seconds,
    registers,
  })
  return {
    registry,
    call(service, operation) {
      // Finding a child by its labels costs more than observing; each is found once.
      const children = new Map<string, ReturnType<typeof calls.labels>>()
      return (code, ms) => {
        let child = children.get(code)
        if (!child) {
          child = calls.labels({ service, operation, code })
          children.set(code, child)
        }
        child.observe(ms / 1000)
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
    parkedEvents: new Gauge({
      name: 'stoa_parked_events',
      help: 'Events that wait for another attempt, or are dead',
      labelNames: ['group', 'state'],
      registers,
    }),
  }
}
