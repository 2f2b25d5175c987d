import { setTimeout as pause } from 'node:timers/promises'
import { fastifyCompress } from '@fastify/compress'
import { type FastifyInstance, fastify } from 'fastify'
import type { Bus } from '../kit/bus.ts'
import type { Contract } from '../kit/contract.ts'
import { migrate } from '../kit/db/migrate.ts'
import type { Store } from '../kit/db/store.ts'
import type { Logger } from '../kit/log.ts'
import type { Metrics } from '../kit/metrics.ts'
import type { SharedWindows } from '../kit/redis/windows.ts'
import type { Tracing } from '../kit/tracing/tracing.ts'
import { createBasicCheck } from './basic.ts'
import { type ClientReader, createClientReader } from './client.ts'
import { type GatewayConfig, publicUrlOf } from './config.ts'
import { createCookies } from './cookies.ts'
import { mountDocs } from './docs.ts'
import { createAsyncApiDocument, createOpenApiDocument } from './documents.ts'
import { addErrorAnswers, answerUnreadable, createRefusal, sendError } from './error-answers.ts'
import { mountKeys, mountMetrics } from './exposition.ts'
import { securityHeadersOf } from './headers.ts'
import { type HealthCheck, mountHealth } from './health.ts'
import { createIdempotency } from './idempotency/index.ts'
import { gatewayMigrations } from './idempotency/migrations.ts'
import type { GatewayTables } from './idempotency/tables.ts'
import { createLimits } from './limits.ts'
import { createSharedLimits } from './limits-shared.ts'
import { createGatewayMetrics } from './metrics.ts'
import { apiPrefix, mountOperations } from './operations.ts'
import { addCors, createOrigins, type Origins } from './origins.ts'
import { createPacer } from './pacing.ts'
import { addBasics, addJsonParser, requestIdOf } from './requests.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createShedder } from './shedding.ts'
import { traceRequests } from './tracing.ts'
import { mountWeb } from './web.ts'

export type GatewayOptions = {
  contracts: readonly Contract[]
  bus: Bus
  /** The gateway's own database: keys of requests that must not be done twice. */
  store: Store<GatewayTables>
  config: GatewayConfig
  log: Logger
  metrics: Metrics
  version: string
  /** What must be well for the process to be ready, such as `database`. */
  healthChecks?: Readonly<Record<string, HealthCheck>>
  /** Folder whose disk must not run full. */
  dataFolder?: string
  /** Where several gateways count requests together; each counts alone without. */
  windows?: SharedWindows | undefined
  tracing?: Tracing | undefined
  /** Files of the web app, if it is built. */
  webFolder?: string
}

export type Gateway = {
  app: FastifyInstance
  /** For the sockets, which stand behind the same door. */
  sessions: Sessions
  origins: Origins
  readClient: ClientReader
  /** Accepts requests; answers with the address. */
  listen(): Promise<string>
  /** Lets what is under way finish, and nothing new begin. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** How long the services are waited for before the door opens without them. */
const startPatienceMs = 2_000

/** The HTTP half of the one public door. It reads contracts, and knows no service. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { bus, config, contracts, metrics, store, version } = options
  const log = options.log.child({ service: 'gateway' })
  const publicUrl = publicUrlOf(config)
  const headers = securityHeadersOf(publicUrl)
  const origins = createOrigins(publicUrl.origin, config.CORS_ORIGIN)
  const readClient = createClientReader(config.TRUST_PROXY)
  const sessions = createSessions({ bus, log })
  const alone = createLimits(config)
  const limits = options.windows ? createSharedLimits(config, alone, options.windows) : alone
  const shedder = createShedder(config)
  const cookies = createCookies(publicUrl, origins)
  const counts = createGatewayMetrics(metrics)
  await migrate(store.db, gatewayMigrations)
  const idempotency = createIdempotency(store.db, log)
  let draining = false

  const app = fastify({
    bodyLimit: config.BODY_LIMIT,
    genReqId: requestIdOf,
    return503OnClosing: false,
    // A head or body that arrives drop by drop must not hold a connection for long.
    requestTimeout: 30_000,
    keepAliveTimeout: 72_000,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 2_000 },
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: false },
    clientErrorHandler: answerUnreadable,
    // Contracts validate; loading the compilers of schemas would only cost time.
    schemaController: {
      compilersFactory: { buildValidator: refuseSchemas, buildSerializer: refuseSchemas },
    },
    // Hooks do not run for what the router cannot read.
    frameworkErrors(error, request, reply) {
      reply.headers(headers).header('x-request-id', request.id)
      sendError(error, request, reply, log)
    },
  })
  addBasics(app, headers, counts, () => draining)
  addCors(app, origins)
  addJsonParser(app)
  addErrorAnswers(app, log)

  const checkBasic = createBasicCheck(config, limits, (request) => readClient(request.raw).ip)
  if (config.API_BASIC) {
    app.addHook('onRequest', async (request, reply) => {
      if (request.url.startsWith(`${apiPrefix}/`)) await checkBasic.call(app, request, reply)
    })
  }
  const methodsOf = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    if (!url.includes('*')) {
      methodsOf.set(url, new Set([...(methodsOf.get(url) ?? []), method].flat()))
    }
  })
  await app.register(async (api) => {
    if (options.tracing) traceRequests(api, options.tracing)
    // Most answers are too small to be worth it: the handler says which are not.
    await api.register(fastifyCompress, { global: false, globalDecompression: false })
    mountOperations(api, {
      contracts,
      bus,
      sessions,
      limits,
      shedder,
      cookies,
      readClient,
      idempotency,
      pacer: createPacer(),
      config,
      metrics: counts,
    })
  })
  mountHealth(app, {
    checks: options.healthChecks ?? {},
    contracts,
    name: 'Stoa',
    version,
    isReady: () => !draining && sessions.ready() && bus.ready(),
    dataFolder: options.dataFolder ?? '.',
    config,
  })
  mountMetrics(app, metrics, config.METRICS_TOKEN)
  mountKeys(app, sessions)
  await app.register(async (pages) => {
    await pages.register(fastifyCompress, { globalDecompression: false })
    await mountDocs(pages, {
      openApi: () => createOpenApiDocument(contracts, version),
      asyncApi: () => createAsyncApiDocument(contracts, version, publicUrl),
      check: checkBasic,
    })
    await mountWeb(pages, options.webFolder, createRefusal(methodsOf))
  })
  await app.ready()

  return {
    app,
    sessions,
    origins,
    readClient,
    async listen() {
      idempotency.tidy.start()
      // Whoever cannot reach the services yet says so to everybody, rather than nothing at all.
      await Promise.race([sessions.start(), pause(startPatienceMs, undefined, { ref: false })])
      return app.listen({ host: config.HOST, port: config.PORT })
    },
    async drain() {
      draining = true
      await pause(config.DRAIN_DELAY_MS)
      app.server.close()
      app.server.closeIdleConnections()
      const until = Date.now() + config.DRAIN_TIMEOUT_MS
      while (shedder.inFlight() > 0 && Date.now() < until) await pause(10)
    },
    async close() {
      draining = true
      shedder.close()
      limits.close()
      await idempotency.tidy.stop()
      await sessions.close()
      await app.close()
    },
  }
}

function refuseSchemas(): never {
  throw new Error('Routes have no schemas of their own here')
}
