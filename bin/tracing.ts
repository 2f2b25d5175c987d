import os from 'node:os'
import type { Logger } from '../kit/log.ts'
import type { OpenTracing } from '../kit/tracing/otlp.ts'
import type { Config } from './config.ts'
import { partNames } from './parts.ts'
import { readVersion } from './version.ts'

/** Traces of this process, where there is a collector to send them to. */
export async function openTracing(config: Config, log: Logger): Promise<OpenTracing | undefined> {
  const { tracing: settings, parts, bus } = config
  if (!settings || settings.OTEL_SDK_DISABLED) return undefined
  // Loaded only where it is used: nobody else pays for it.
  const { openOtlp } = await import('../kit/tracing/otlp.ts')
  const isWhole = parts.size === partNames.length
  const resource = {
    'service.name': isWhole ? 'stoa' : ['stoa', ...parts].join('-'),
    'service.version': readVersion(),
    'service.instance.id': bus?.instance ?? `${os.hostname()}-${process.pid}`,
  }
  return openOtlp({ settings, resource, log })
}
