import * as z from 'zod'
import { gatewayConfig } from './config.ts'

const { HOST, PORT, METRICS_TOKEN, HEALTH_HEAP_MB, HEALTH_RSS_MB, HEALTH_DISK_PERCENT } =
  gatewayConfig.shape

/** What a process without the public door reads of its settings, to say how it is. */
export const statusConfig = z.object({
  HOST,
  PORT,
  METRICS_TOKEN,
  HEALTH_HEAP_MB,
  HEALTH_RSS_MB,
  HEALTH_DISK_PERCENT,
})

export type StatusConfig = z.output<typeof statusConfig>
