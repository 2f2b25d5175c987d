import * as z from 'zod'
import { setting } from '../config.ts'

/** `key=value,key=value`, with percent signs for what would be misread. */
const pairs = () =>
  z.string().transform((text, context) => {
    const entries = text
      .split(',')
      .filter((pair) => pair.trim() !== '')
      .map((pair) => {
        const [key = '', ...value] = pair.split('=')
        return [key.trim(), decode(value.join('=').trim())] as const
      })
    if (entries.every(([key, value]) => key !== '' && value)) {
      return Object.fromEntries(entries) as Readonly<Record<string, string>>
    }
    context.issues.push({
      code: 'custom',
      input: text,
      message: 'List pairs as key=value,key=value',
    })
    return z.NEVER
  })

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Where traces go, by the names that OpenTelemetry has for it everywhere. */
export const tracingSettings = z.object({
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Collector of OpenTelemetry that traces are sent to, as `http://collector:4318`; without it nothing is traced',
    ),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(['http/protobuf'])
    .default('http/protobuf')
    .describe('How the collector is spoken to; no other way is offered'),
  OTEL_EXPORTER_OTLP_HEADERS: pairs()
    .optional()
    .describe('Headers that the collector demands, as `key=value,key=value`'),
  OTEL_EXPORTER_OTLP_TIMEOUT: setting
    .integer(100, 60_000)
    .default(5_000)
    .describe('Milliseconds to try for, until spans are given up that the collector does not take'),
  OTEL_SERVICE_NAME: setting
    .text()
    .optional()
    .describe('Name of the process in traces; `stoa` and its parts, as `stoa-gateway`, if not set'),
  OTEL_RESOURCE_ATTRIBUTES: pairs()
    .optional()
    .describe('What else traces shall say of the process, as `key=value,key=value`'),
  OTEL_TRACES_SAMPLER: z
    .enum([
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ])
    .default('parentbased_always_on')
    .describe('Which requests are traced; `parentbased_…` does what the traceparent header says'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Share of the requests that a `…traceidratio` traces, from 0 to 1'),
  OTEL_SDK_DISABLED: setting.flag().default(false).describe('Trace nothing, whatever else is set'),
})

export type TracingSettings = z.output<typeof tracingSettings>
