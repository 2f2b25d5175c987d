import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../../kit/testing.ts'
import { startRabbitServer } from '../backends/lib/rabbitmq-server.ts'
import { createCertificate } from '../lib/certificate.ts'
import { startPostgres } from '../lib/own-postgres.ts'
import { runStoa } from './lib/backends.ts'
import { startClusterAt } from './lib/cluster.ts'
import { createRedis } from './lib/redis.ts'

// PostgreSQL, RabbitMQ and Redis that are reached by TLS only, with a certificate that no public
// authority has signed. The way into Kafka is tested with its driver.

const undo = new AsyncDisposableStack()
let environment: Record<string, string>

beforeAll(async () => {
  const folder = undo.use(temporaryFolder())
  const certificate = await createCertificate(folder.path)
  const postgres = undo.use(await startPostgres(certificate))
  const rabbit = undo.use(await startRabbitServer(certificate))
  const redis = undo.use(await createRedis(certificate))
  await redis.start()
  environment = {
    ...postgres.environment,
    RABBITMQ_URL: rabbit.url,
    REDIS_URL: redis.url,
    DATABASE_CONNECTIONS: '3',
    SERVICE_KEY: randomBytes(32).toString('base64'),
    SIGNING_KEY: randomBytes(32).toString('base64'),
    SETUP_CODE: 'let me in',
    NODE_EXTRA_CA_CERTS: certificate.certificateFile,
  }
}, 240_000)
afterAll(() => undo.disposeAsync())

test('the product runs on servers that speak TLS only', async () => {
  const backends = {
    environment,
    stoa: (...words: string[]) => runStoa(words, environment),
    [Symbol.asyncDispose]: async () => undefined,
  }
  await using cluster = await startClusterAt(
    backends,
    {},
    { layout: [['gateway'], ['accounts', 'users', 'chat', 'notifications', 'audit']] },
  )
  const [url] = cluster.gateways

  const answer = await fetch(`${url}/api/v1/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      setupCode: environment.SETUP_CODE,
      siteName: 'Secured',
      email: 'ann@example.org',
      username: 'ann',
      password: 'correct horse battery',
    }),
  })

  expect(await answer.json()).toMatchObject({ user: { username: 'ann' } })
  const metrics = await (await fetch(`${url}/metrics`)).text()
  expect(metrics).toMatch(/^stoa_redis_up 1$/m)
}, 120_000)

test.each([
  ['migrate', 'PostgreSQL'],
  ['topics', 'RabbitMQ'],
])(
  '%s says why, when the certificate of %s is signed by nobody known',
  async (command) => {
    const { NODE_EXTRA_CA_CERTS: _, ...rest } = environment

    await expect(runStoa([command], rest)).rejects.toMatchObject({
      stderr: expect.stringMatching(/self.signed certificate/),
    })
  },
  60_000,
)

test('migrate says why, when the certificate is for another server', async () => {
  const DATABASE_URL = environment.DATABASE_URL?.replace('127.0.0.1', 'localhost') ?? ''

  await expect(runStoa(['migrate'], { ...environment, DATABASE_URL })).rejects.toMatchObject({
    stderr: expect.stringMatching(/localhost/),
  })
}, 60_000)
