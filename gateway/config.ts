import net from 'node:net'
import * as z from 'zod'
import { setting } from '../kit/config.ts'

const rangeNames = ['loopback', 'linklocal', 'uniquelocal']

function isRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = net.isIP(address)
  if (family === 0) return rangeNames.includes(text)
  return rest.length === 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128))
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}

function limit(fallback: number, what: string) {
  return setting
    .integer(1, 1_000_000)
    .default(fallback)
    .describe(`Requests per window ${what}, for each signed-in user or else each address`)
}

const fields = z.object({
  HOST: setting.text().default('127.0.0.1').describe('Address to listen on; 0.0.0.0 for all'),
  PORT: setting.integer(0, 65_535).default(3000).describe('Port to listen on'),
  PUBLIC_URL: setting
    .url()
    .optional()
    .describe('Address at which people reach the site; http://localhost and the port if not set'),
  CORS_ORIGIN: setting
    .list()
    .refine((origins) => origins.every(isOrigin), 'List origins such as https://app.example.org')
    .default([])
    .describe('Other origins whose pages may use the API, separated by commas'),
  TRUST_PROXY: setting
    .list()
    .refine(
      (ranges) => ranges.every(isRange),
      'List addresses, ranges such as 10.0.0.0/8, or loopback',
    )
    .default([])
    .describe('Proxies whose X-Forwarded-* headers are believed'),
  RATE_LIMIT_DEFAULT: limit(100, 'of the tier `default`'),
  RATE_LIMIT_AUTH: limit(10, 'of the tier `auth`'),
  RATE_LIMIT_OTP: limit(3, 'of the tier `otp`'),
  RATE_LIMIT_UPLOAD: limit(10, 'of the tier `upload`'),
  RATE_LIMIT_WINDOW: setting
    .integer(1, 86_400)
    .default(60)
    .describe('Seconds after which a rate limit starts over'),
  BODY_LIMIT: setting
    .integer(1_024, 100_000_000)
    .default(1_048_576)
    .describe('Largest request body in bytes'),
  UPLOAD_BODY_LIMIT: setting
    .integer(1_024, 100_000_000)
    .default(14_680_064)
    .describe(
      'Largest request body of an upload in bytes: 10 MB of file grow by a third as base64',
    ),
  DOCS_USER: setting.text().optional().describe('User name that opens the API documentation'),
  DOCS_PASSWORD: setting.text().optional().describe('Password that opens the API documentation'),
  API_BASIC: setting
    .flag()
    .default(false)
    .describe(
      'Demand DOCS_USER and DOCS_PASSWORD on the API too; tokens then go in x-access-token',
    ),
  METRICS_TOKEN: setting
    .text()
    .optional()
    .describe('Bearer token that /metrics demands; open to all if not set'),
  MAX_EVENT_LOOP_DELAY_MS: setting
    .integer(10, 60_000)
    .default(300)
    .describe('Delay of the event loop from which on requests are turned away'),
  MAX_REQUESTS_IN_FLIGHT: setting
    .integer(1, 1_000_000)
    .default(2_000)
    .describe('Requests worked on at once from which on more are turned away'),
  HEALTH_HEAP_MB: setting.integer(1, 1_000_000).default(500).describe('Heap that counts as ill'),
  HEALTH_RSS_MB: setting.integer(1, 1_000_000).default(1_024).describe('Memory that counts as ill'),
  HEALTH_DISK_PERCENT: setting
    .integer(1, 100)
    .default(90)
    .describe('Share of the disk in use that counts as ill'),
  DRAIN_DELAY_MS: setting
    .integer(0, 60_000)
    .default(0)
    .describe('Time between "not ready" and the end of accepting, for load balancers to notice'),
  DRAIN_TIMEOUT_MS: setting
    .integer(0, 600_000)
    .default(10_000)
    .describe('Longest wait for requests under way when stopping'),
})

/** What the public door reads from the environment. */
export const gatewayConfig = fields
  .refine(({ DOCS_USER, DOCS_PASSWORD }) => !DOCS_USER === !DOCS_PASSWORD, {
    path: ['DOCS_PASSWORD'],
    message: 'Set DOCS_USER and DOCS_PASSWORD together',
  })
  .refine(({ API_BASIC, DOCS_PASSWORD }) => !API_BASIC || DOCS_PASSWORD, {
    path: ['API_BASIC'],
    message: 'Needs DOCS_USER and DOCS_PASSWORD',
  })

export type GatewayConfig = z.output<typeof gatewayConfig>

/** The site's address as people write it, without a slash at the end. */
export function publicUrlOf({ PUBLIC_URL, PORT }: GatewayConfig): URL {
  return new URL(PUBLIC_URL ?? `http://localhost:${PORT}`)
}
