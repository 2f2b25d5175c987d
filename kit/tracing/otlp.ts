import { setTimeout as pause } from 'node:timers/promises'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Logger } from '../log.ts'
import type { TracingSettings } from './settings.ts'
import { createTracing, type Tracing } from './tracing.ts'

/** Least time between two words about a collector that takes no spans. */
const complainEveryMs = 60_000

export type OtlpOptions = {
  settings: TracingSettings
  /** Names of the process that the settings may overrule. */
  resource: Readonly<Record<string, string>>
  log: Logger
}

export type OpenTracing = Tracing & {
  /** Sends what is left, if the collector takes it in time. */
  close(): Promise<void>
}

/**
 * Traces that go to a collector over OTLP. Spans wait in memory, at most two thousand: when the
 * collector is away or too slow, they are dropped, and nothing else happens but a warning.
 */
export function openOtlp({ settings, resource, log }: OtlpOptions): OpenTracing {
  const { OTEL_EXPORTER_OTLP_ENDPOINT = '', OTEL_EXPORTER_OTLP_TIMEOUT: timeoutMillis } = settings
  const exporter = new OTLPTraceExporter({
    url: `${OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/+$/, '')}/v1/traces`,
    headers: { ...settings.OTEL_EXPORTER_OTLP_HEADERS },
    timeoutMillis,
  })
  const name = settings.OTEL_SERVICE_NAME
  const provider = new TracerProvider({
    sampler: chooseSampler(settings),
    resource: defaultResource().merge(
      resourceFromAttributes({
        ...resource,
        ...settings.OTEL_RESOURCE_ATTRIBUTES,
        ...(name && { 'service.name': name }),
      }),
    ),
    spanProcessors: [new BatchSpanProcessor({ exporter: withWarnings(exporter, log) })],
  })
  return {
    ...createTracing(provider.getTracer('stoa')),
    async close() {
      const sent = provider.shutdown().catch(() => undefined)
      await Promise.race([sent, pause(timeoutMillis, undefined, { ref: false })])
    },
  }
}

/** Tells what was lost, and why, now and then. */
function withWarnings(exporter: SpanExporter, log: Logger): SpanExporter {
  let lost = 0
  let toldAt = Number.NEGATIVE_INFINITY
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const { code, error } = result
        if (code !== 0) lost += spans.length
        if (lost > 0 && performance.now() - toldAt >= complainEveryMs) {
          log.warn({ event: 'traces.lost', spans: lost, err: error })
          toldAt = performance.now()
          lost = 0
        }
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}

function chooseSampler(settings: TracingSettings): Sampler {
  const { OTEL_TRACES_SAMPLER: wanted, OTEL_TRACES_SAMPLER_ARG: share } = settings
  const root = wanted.endsWith('always_on')
    ? new AlwaysOnSampler()
    : wanted.endsWith('always_off')
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(share)
  return wanted.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root
}
