import { expect, test } from 'vitest'
import { readAllConfig } from '../bin/config.ts'
import { openTracing } from '../bin/tracing.ts'
import { createLog } from '../kit/log.ts'
import { eventually, temporaryFolder } from '../kit/testing.ts'
import { openCollector, outlineOf, type ReceivedSpan, statementsOf } from './lib/collector.ts'
import { freePort } from './lib/ports.ts'
import { openProduct, type Product, sendTo } from './lib/product.ts'
import { startServer } from './lib/server.ts'

/** Both are connected, and talk to each other. */
async function meet({ admin, member }: Product): Promise<string> {
  const { id } = await admin.client.api.chat.openDirect({ userId: member.id })
  for (const { client } of [admin, member]) {
    client.live.connect()
    await eventually(() => client.live.state() === 'online', Boolean, 60_000)
    await client.conversations.open(id)
  }
  return id
}

const isRoot = (name: string) => (span: ReceivedSpan) => span.name === name && !span.parentId

const sendMessage = [
  '  stoa internal chat.sendMessage',
  '    stoa consumer process chat.memberMentioned',
  '      stoa producer push notification:new',
  '    stoa producer push message:new',
]

test('a message is one trace from the request or the socket to the other person', async () => {
  await using collector = await openCollector()
  const settings = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
    OTEL_EXPORTER_OTLP_TIMEOUT: '60000',
  }
  const product = await openProduct(settings)
  {
    await using _ = product
    const { admin, member } = product
    const heard: string[] = []
    for (const event of ['message:new', 'notification:new'] as const) {
      member.client.on(event, () => heard.push(event))
    }
    const conversationId = await meet(product)
    const mention = `@[member](${member.id})`

    await admin.client.outbox.send({ conversationId, content: `by socket, ${mention}` })
    const uuid = crypto.randomUUID()
    const { status } = await sendTo(product.url, 'POST', '/messages', {
      token: await product.tokenOf('admin'),
      json: { conversationId, uuid, content: `by HTTP, ${mention}` },
    })

    expect(status).toBe(201)
    await eventually(() => heard.length === 4, Boolean, 30_000)
  }

  // What had not been sent before was sent at the end.
  const spans = collector.spans()
  for (const name of ['receive message:send', 'POST /api/v1/messages']) {
    const [root, ...more] = spans.filter(isRoot(name))
    expect(more).toEqual([])
    const traceId = root?.traceId ?? ''
    expect(outlineOf(spans, traceId)).toEqual([`stoa server ${name}`, ...sendMessage])
    const statements = statementsOf(spans, traceId, 'chat.sendMessage')
    expect(statements.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['BEGIN', 'INSERT message', 'INSERT outbox', 'COMMIT']),
    )
    // Whoever publishes does it for all.
    expect(statements.map(({ name }) => name)).not.toContain('SELECT outbox')
    for (const { attributes } of statements) {
      expect(attributes).toMatchObject({ 'db.system.name': 'sqlite', 'db.namespace': 'chat' })
    }
    const push = spans.find((span) => span.traceId === traceId && span.name === 'push message:new')
    expect(push?.attributes).toMatchObject({ 'socket.io.sockets': 2 })
    for (const { startedAt, endedAt } of spans) expect(endedAt).toBeGreaterThanOrEqual(startedAt)
  }
  const request = spans.find(isRoot('POST /api/v1/messages'))
  expect(request?.attributes).toEqual({
    'http.request.method': 'POST',
    'http.route': '/api/v1/messages',
    'http.response.status_code': 201,
    'url.path': '/api/v1/messages',
    'url.scheme': 'http',
  })
  expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain('by HTTP')
  // Only what somebody asked for is traced, and every part of it is below something.
  const known = new Set(spans.map(({ spanId }) => spanId))
  for (const { parentId, name } of spans) {
    if (!known.has(parentId)) expect(name).toMatch(/^(GET|POST|PUT|receive) /)
  }
}, 180_000)

test('a trace that begins elsewhere goes on; what is not to be recorded is not', async () => {
  await using collector = await openCollector()
  const headersOf = (flags: string) => ({
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}`,
  })
  {
    await using product = await openProduct({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a=b, x-tenant=agora',
      OTEL_EXPORTER_OTLP_TIMEOUT: '60000',
      OTEL_SERVICE_NAME: 'agora',
    })
    await sendTo(product.url, 'GET', '/users/me', { headers: headersOf('00') })
    await sendTo(product.url, 'GET', '/users/nobody?x=y', { headers: headersOf('01') })
  }

  const continued = collector.spans().filter(({ traceId }) => traceId === 'a'.repeat(32))
  expect(continued).toMatchObject([
    {
      name: 'GET /api/v1/users/:userId',
      parentId: 'b'.repeat(16),
      service: 'agora',
      isError: false,
      attributes: { 'url.path': '/api/v1/users/nobody', 'http.response.status_code': 401 },
    },
  ])
  expect(collector.headers()).toMatchObject({ authorization: 'Bearer a=b', 'x-tenant': 'agora' })
}, 180_000)

test.concurrent.each(['refuses', 'cannot be reached'])(
  'a collector that %s harms nobody and is told of once a minute',
  async (kind) => {
    await using refusing = await openCollector(500)
    using folder = temporaryFolder()
    const refuses = kind === 'refuses'
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: refuses ? refusing.url : `http://127.0.0.1:${await freePort()}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '100',
    }
    const startedAt = performance.now()
    await using server = await startServer({ folder: folder.path, environment })
    const ask = () => sendTo(server.url, 'GET', '/setup')
    await ask()
    await eventually(() => server.output().includes('traces.lost'), Boolean, 60_000)
    const { status } = await ask()
    const before = refusing.requests()
    if (refuses) await eventually(() => refusing.requests() > before, Boolean, 60_000)

    expect(status).toBe(200)
    await server.kill('SIGTERM')

    const told = server.output().match(/traces\.lost/g)?.length ?? 0
    expect(told).toBeGreaterThan(0)
    expect(told).toBeLessThanOrEqual(1 + (performance.now() - startedAt) / 60_000)
  },
  180_000,
)

test('without a collector nothing of the SDK is loaded', async () => {
  const hook = `import { registerHooks } from 'node:module'
    registerHooks({
      load(url, context, next) {
        if (url.includes('@opentelemetry/sdk-trace')) console.log('The SDK is loaded')
        return next(url, context)
      },
    })`
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hook)}`
  const isLoaded = async (environment: Record<string, string>) => {
    using folder = temporaryFolder()
    await using server = await startServer({ folder: folder.path, environment })
    await sendTo(server.url, 'GET', '/setup')
    return server.output().includes('The SDK is loaded')
  }
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:9'

  expect(await isLoaded({ NODE_OPTIONS })).toBe(false)
  expect(await isLoaded({ NODE_OPTIONS, OTEL_EXPORTER_OTLP_ENDPOINT })).toBe(true)
}, 180_000)

test('tracing can be switched off, whatever else is set', async () => {
  using folder = temporaryFolder()
  const environment = {
    DATA_FOLDER: folder.path,
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    OTEL_SDK_DISABLED: 'true',
  }

  expect(await openTracing(readAllConfig(environment), createLog('silent'))).toBeUndefined()
})
