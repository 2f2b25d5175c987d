import { statfs } from 'node:fs/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Contract } from '../kit/contract.ts'
import { notFound } from './errors.ts'
import { apiPrefix } from './operations.ts'
import type { StatusConfig } from './status-config.ts'

/** One thing that must be well; throws when it is not, answers with what is worth showing. */
export type HealthCheck = () => Promise<Readonly<Record<string, unknown>>>

type Part = { status: 'up' | 'down' } & Readonly<Record<string, unknown>>
type Parts = Readonly<Record<string, Part>>
type Report = { status: 'ok' | 'error'; info: Parts; error?: Parts }

const down: Part = { status: 'down' }

export type HealthOptions = {
  /** Things to look at, such as `database`. */
  checks: Readonly<Record<string, HealthCheck>>
  contracts: readonly Contract[]
  name: string
  version: string
  /** Whether requests are welcome. */
  isReady(): boolean
  /** Folder whose disk must not be full. */
  dataFolder: string
  config: Pick<StatusConfig, `HEALTH_${string}` & keyof StatusConfig>
}

/** Anybody may ask, as often as they like: each thing is looked at once in this time. */
const lookAgainAfterMs = 1_000
const patienceMs = 2_000

/** Answers how the server is, for people, load balancers and schedulers. */
export function mountHealth(app: FastifyInstance, options: HealthOptions): void {
  const { config, contracts, name, version } = options
  const checks: Readonly<Record<string, HealthCheck>> = {
    ...options.checks,
    memory: async () => checkMemory(config),
    disk: () => checkDisk(options.dataFolder, config.HEALTH_DISK_PERCENT),
  }
  const looks = new Map(
    Object.entries(checks).map(([part, check]) => [part, createLook(check)] as const),
  )

  async function look(parts: readonly string[]): Promise<Report> {
    const seen = await Promise.all(
      parts.map(
        async (part): Promise<[string, Part]> => [part, (await looks.get(part)?.()) ?? down],
      ),
    )
    const up = seen.filter(([, { status }]) => status === 'up')
    const ill = seen.filter(([, { status }]) => status === 'down')
    const info = Object.fromEntries(up)
    if (ill.length === 0) return { status: 'ok', info }
    return { status: 'error', info, error: Object.fromEntries(ill) }
  }

  async function answer(reply: FastifyReply, parts: readonly string[]): Promise<Report> {
    const report = await look(parts)
    reply.header('cache-control', 'no-store').code(report.status === 'ok' ? 200 : 503)
    return report
  }

  const everything = Object.keys(checks)
  const whole = (_: unknown, reply: FastifyReply) => answer(reply, everything)
  app.get('/health', whole)
  app.get(`${apiPrefix}/health`, whole)
  app.get(`${apiPrefix}/health/live`, (_, reply) => answer(reply, []))
  app.get(`${apiPrefix}/health/ready`, async (_, reply): Promise<Report> => {
    const report = await answer(reply, Object.keys(options.checks))
    if (options.isReady()) return report
    reply.code(503)
    return { ...report, status: 'error', error: { ...report.error, gateway: down } }
  })
  app.get<{ Params: { part: string } }>(`${apiPrefix}/health/:part`, (request, reply) => {
    const part = request.params.part === 'db' ? 'database' : request.params.part
    if (!looks.has(part)) throw notFound()
    return answer(reply, [part])
  })

  const about = () => ({ name, version, status: options.isReady() ? 'ok' : 'stopping' })
  app.get(`${apiPrefix}/`, about)
  app.get(apiPrefix, about)
  app.get(`${apiPrefix}/services`, () => ({
    items: contracts.map(({ service, summary }) => ({ name: service, summary })),
  }))
}

/** Remembers for a moment what a check found, and gives up on one that hangs. */
function createLook(check: HealthCheck): () => Promise<Part> {
  let last: Promise<Part> | undefined
  let lookedAt = 0

  async function look(): Promise<Part> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Part>((resolve) => {
      timer = setTimeout(resolve, patienceMs, down)
    })
    const found = check().then(
      (detail): Part => ({ status: 'up', ...detail }),
      (error): Part => ({ status: 'down', ...(error instanceof Ill && error.detail) }),
    )
    return Promise.race([found, late]).finally(() => clearTimeout(timer))
  }

  return () => {
    if (!last || performance.now() - lookedAt > lookAgainAfterMs) {
      lookedAt = performance.now()
      last = look()
    }
    return last
  }
}

/** Not well, with figures that may be shown; other errors may hold what strangers should not see. */
class Ill extends Error {
  override readonly name = 'Ill'
  readonly detail: Readonly<Record<string, unknown>>
  constructor(detail: Readonly<Record<string, unknown>>) {
    super('Not well')
    this.detail = detail
  }
}

const megabyte = 1_048_576

function checkMemory({ HEALTH_HEAP_MB, HEALTH_RSS_MB }: HealthOptions['config']) {
  const { heapUsed, rss } = process.memoryUsage()
  const detail = { heapUsed: inMegabytes(heapUsed), rss: inMegabytes(rss) }
  if (heapUsed > HEALTH_HEAP_MB * megabyte || rss > HEALTH_RSS_MB * megabyte) throw new Ill(detail)
  return detail
}

async function checkDisk(folder: string, highestPercent: number) {
  const { blocks, bavail } = await statfs(folder)
  const percent = blocks > 0 ? Math.round((1 - bavail / blocks) * 100) : 0
  const detail = { used: `${percent}%` }
  if (percent > highestPercent) throw new Ill(detail)
  return detail
}

function inMegabytes(bytes: number): string {
  return `${Math.round(bytes / megabyte)}MB`
}
