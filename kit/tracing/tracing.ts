import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Attributes,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { type Trouble, troubleOf } from './trouble.ts'

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
}

/** What a span is called and says, in the words of OpenTelemetry's semantic conventions. */
export type SpanDescription = {
  name: string
  kind: keyof typeof kinds
  attributes: Attributes
}

/** An open span: its place for those below it, and its end. */
export type Work = {
  traceparent: string
  describe(attributes: Attributes): void
  end(trouble?: Trouble): void
  hasEnded(): boolean
}

/**
 * Spans around what a process does. Whether a trace is recorded is decided once, where it enters;
 * all that follows, in whatever process, reads that from its parent and makes nothing otherwise.
 */
export type Tracing = {
  /** Begins a trace, or goes on with one that comes from outside. */
  enter(span: SpanDescription, parent: string | undefined): Work
  /** Opens a span below another one, if that is recorded. */
  open(span: SpanDescription, parent: string): Work | undefined
  /** Does something within a span of its own. */
  follow<T>(
    span: SpanDescription,
    parent: string,
    work: (traceparent: string) => Promise<T>,
  ): Promise<T>
  /** Runs something, and all that it leads to, as a part of a span, or of none. */
  within<T>(work: Work | undefined, run: () => T): T
  /** What the running code is a part of, as long as that lasts. */
  current(): Work | undefined
}

export function createTracing(tracer: Tracer): Tracing {
  // The way to statements of SQL, which are told no call. Nobody pays for it without tracing.
  const works = new AsyncLocalStorage<Work | undefined>()

  function begin({ name, kind, attributes }: SpanDescription, parent?: SpanContext): Work {
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes }, context)
    const { traceId, spanId, traceFlags } = span.spanContext()
    let ended = false
    return {
      traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
      describe: (more) => void span.setAttributes(more),
      end(trouble) {
        if (ended) return
        ended = true
        if (trouble) span.setAttribute('error.type', trouble.type)
        if (trouble?.isFault) span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      },
      hasEnded: () => ended,
    }
  }

  function open(span: SpanDescription, parent: string): Work | undefined {
    const context = readParent(parent)
    return context && isRecorded(context) ? begin(span, context) : undefined
  }

  return {
    enter: (span, parent) => begin(span, parent === undefined ? undefined : readParent(parent)),
    open,
    async follow(span, parent, work) {
      const own = open(span, parent)
      try {
        const result = await works.run(own, () => work(own?.traceparent ?? parent))
        own?.end()
        return result
      } catch (error) {
        own?.end(troubleOf(error))
        throw error
      }
    },
    within: (work, run) => works.run(work, run),
    current() {
      const work = works.getStore()
      return work?.hasEnded() ? undefined : work
    },
  }
}

function isRecorded({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0
}

function readParent(traceparent: string): SpanContext | undefined {
  const [version, traceId = '', spanId = '', flags = ''] = traceparent.split('-')
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
  return version === '00' && isSpanContextValid(parent) ? parent : undefined
}
