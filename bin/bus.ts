import os from 'node:os'
import { contracts } from '../contracts/index.ts'
import type { Bus } from '../kit/bus.ts'
import { type Contract, topicOf } from '../kit/contract.ts'
import { createLocalBus } from '../kit/local-bus.ts'
import type { Logger } from '../kit/log.ts'
import type { Metrics } from '../kit/metrics.ts'
import type { Transport } from '../kit/remote/transport.ts'
import type { AnyService } from '../kit/service.ts'
import { traceBus } from '../kit/tracing/bus.ts'
import type { Tracing } from '../kit/tracing/tracing.ts'
import { traceTransport } from '../kit/tracing/transport.ts'
import type { Config } from './config.ts'
import { published } from './contracts.ts'
import { services } from './services.ts'

type Observers = { log: Logger; metrics: Metrics; tracing: Tracing | undefined }

/** What joins the parts: function calls in one process, a broker between several. */
export async function openBus(config: Config, observers: Observers): Promise<Bus> {
  const { log, metrics, tracing } = observers
  if (!config.bus) {
    const bus = createLocalBus({ log, metrics })
    return tracing ? traceBus(bus, tracing, undefined) : bus
  }
  // Loaded only where it is used: it costs a good part of what a small process rests on.
  const { createRemoteBus } = await import('../kit/remote/remote-bus.ts')
  const { serviceKey, kafka } = config.bus
  const transport = await openTransport(config.bus, log)
  const options = { serviceKey, entrances, log, metrics }
  if (!tracing) return createRemoteBus({ transport, ...options })
  const system = kafka ? 'kafka' : 'rabbitmq'
  const traced = traceTransport(transport, tracing, system)
  return traceBus(createRemoteBus({ transport: traced, ...options }), tracing, system)
}

async function openTransport(
  { instance, kafka, rabbitmq }: NonNullable<Config['bus']>,
  log: Logger,
): Promise<Transport> {
  const name = instance ?? `${os.hostname()}-${process.pid}`
  if (kafka) {
    const { createKafkaTransport } = await import('../kit/remote/kafka.ts')
    const options = { settings: kafka, contracts: published, instanceId: name, log }
    return createKafkaTransport(options)
  }
  if (rabbitmq) {
    const { createRabbitTransport } = await import('../kit/remote/rabbitmq.ts')
    return createRabbitTransport({ config: rabbitmq, groups, name, log })
  }
  throw new Error('There is no bus')
}

/** Topics that others may write to. */
const entrances = contracts.flatMap(({ entrances = {} }) => Object.keys(entrances))

/** What a service may hear: its own entrances, and the events of those it listens to. */
function topicsOf({ contract, listens = {} }: AnyService): string[] {
  const heard: readonly Contract[] = Object.values(listens)
  const events = heard.flatMap((source) =>
    Object.keys(source.events ?? {}).map((event) => topicOf(source, event)),
  )
  return [...new Set([...Object.keys(contract.entrances ?? {}), ...events])]
}

export const groups: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  services
    .map((service) => [service.contract.service as string, topicsOf(service)] as const)
    .filter(([, topics]) => topics.length > 0),
)
