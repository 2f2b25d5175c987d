import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { describe } from 'vitest'
import type { Bus, EventRecord } from '../kit/bus.ts'
import { createLocalBus } from '../kit/local-bus.ts'
import { createLog } from '../kit/log.ts'
import { createMetrics } from '../kit/metrics.ts'
import { createRemoteBus } from '../kit/remote/remote-bus.ts'
import type { Transport } from '../kit/remote/transport.ts'
import { eventually, hostile } from '../kit/testing.ts'
import { traceBus } from '../kit/tracing/bus.ts'
import { createTracing } from '../kit/tracing/tracing.ts'
import { traceTransport } from '../kit/tracing/transport.ts'
import { describeBus } from './backends/bus-suite.ts'
import { createMemoryBroker } from './backends/lib/memory-broker.ts'

// It keeps nothing of what it records, which is everything.
const tracing = createTracing(
  new TracerProvider({ sampler: new AlwaysOnSampler() }).getTracer('test'),
)
const recorded = (traceparent = '') => `${traceparent.slice(0, -2)}01`

/** All that passes is recorded; whoever reads it is shown the traceparent that it was given. */
function joinTraced(transport: Transport, join: (transport: Transport) => Bus): Bus {
  const traced = traceTransport(transport, tracing, 'memory')
  const plain = join({
    ...traced,
    publish: (messages) =>
      traced.publish(
        messages.map(({ headers, ...message }) => {
          const { traceparent } = headers
          given.set(headers['event-id'] ?? '', traceparent ?? '')
          return { ...message, headers: { ...headers, traceparent: recorded(traceparent) } }
        }),
      ),
  })
  const bus = traceBus(plain, tracing, 'memory')
  return {
    ...bus,
    call: (contract, operation, input, context) => {
      const traceparent = recorded(context.traceparent)
      return bus.call(contract, operation, input, { ...context, traceparent })
    },
    subscribe: (group, topics, apply) =>
      bus.subscribe(group, topics, (records) => apply(records.map(asGiven))),
    watch: (topics, listener, onGap) =>
      bus.watch(topics, (record) => listener(asGiven(record)), onGap),
  }
}

const given = new Map<string, string>()

function asGiven(record: EventRecord): EventRecord {
  return { ...record, traceparent: given.get(record.id) ?? record.traceparent }
}

describe('within one process', () => {
  describeBus(async () => {
    const bus = createLocalBus({ log: createLog('silent'), metrics: createMetrics() })
    return { join: async () => bus, [Symbol.asyncDispose]: () => bus.close() }
  })
})

describe('within one process, with everything copied, late and much of it twice', () => {
  describeBus(async () => {
    const bus = createLocalBus({
      log: createLog('silent'),
      metrics: createMetrics(),
      hostility: { delayMs: hostile.delayMs, repeats: () => false },
    })
    return { join: async () => bus, [Symbol.asyncDispose]: () => bus.close() }
  })
})

describe.each([
  ['between processes, over a broker in memory', false],
  ['between processes, over a broker in memory, and traced', true],
])('%s', (_name, isTraced) => {
  describeBus(async () => {
    const broker = createMemoryBroker()
    const joined: { close(): Promise<void> }[] = []
    return {
      async join(name) {
        const open = (transport: Transport) =>
          createRemoteBus({
            transport,
            serviceKey: 'a key that all processes of it share',
            entrances: ['raw-thing'],
            log: createLog('silent'),
            metrics: createMetrics(),
          })
        const transport = broker.connect(name)
        const bus = isTraced ? joinTraced(transport, open) : open(transport)
        joined.push(bus)
        await eventually(() => bus.ready())
        return bus
      },
      async [Symbol.asyncDispose]() {
        for (const bus of joined) await bus.close()
      },
    }
  })
})
