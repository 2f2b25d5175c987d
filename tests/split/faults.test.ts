import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { eventually, temporaryFolder } from '../../kit/testing.ts'
import { runCampaignAt } from '../lib/ledger.ts'
import { password, setUp } from '../lib/people.ts'
import { freePort } from '../lib/ports.ts'
import { startServer } from '../lib/server.ts'
import { createBackends } from './lib/backends.ts'
import { bundleFolder } from './lib/build.ts'
import { startClusterAt } from './lib/cluster.ts'
import { openProxy } from './lib/proxy.ts'

const awayMs = 3_000

test('broker and database go away under load: people are told, and nothing acknowledged is lost', async () => {
  await using backends = await createBackends('rabbitmq')
  const { DATABASE_URL = '', RABBITMQ_URL = '' } = backends.environment
  await using broker = await openProxy(RABBITMQ_URL, 5672)
  await using database = await openProxy(DATABASE_URL, 5432)
  await using cluster = await startClusterAt(backends, {
    RABBITMQ_URL: broker.url,
    DATABASE_URL: database.url,
  })
  const [gateway] = cluster.gateways
  const outages = [broker, database, broker, database]
  const seen: unknown[] = []
  const site = {
    urls: cluster.gateways,
    async crash() {
      const outage = outages.shift()
      outage?.cut()
      const from = performance.now()
      const answer = await fetch(`${gateway}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ identifier: 'admin', password }),
      })
      const { code } = (await answer.json()) as { code: string }
      seen.push({ status: answer.status, code })
      await pause(awayMs - (performance.now() - from))
      outage?.restore()
      for (const { url } of cluster.parts) {
        const ready = async () => (await fetch(`${url}/api/v1/health/ready`)).status
        await eventually(ready, (status) => status === 200, 60_000)
      }
    },
  }

  const result = await runCampaignAt(site, {
    kills: outages.length,
    senders: 4,
    uptimeMs: () => 1_000,
  })

  expect(seen).toEqual(Array(4).fill({ status: 503, code: 'unavailable' }))
  expect(result).toMatchObject({
    lost: [],
    repeated: [],
    disordered: [],
    wronglyShown: [],
    signedOut: [],
  })
  expect(result.acknowledged).toBeGreaterThan(50)
}, 600_000)

test('parts that start before broker and database wait for them, and say so', async () => {
  await using backends = await createBackends('rabbitmq')
  using folder = temporaryFolder()
  await Promise.all([backends.stoa('migrate'), backends.stoa('topics')])
  const { DATABASE_URL = '', RABBITMQ_URL = '' } = backends.environment
  await using broker = await openProxy(RABBITMQ_URL, 5672)
  await using database = await openProxy(DATABASE_URL, 5432)
  broker.cut()
  database.cut()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const environment = {
    ...backends.environment,
    DATABASE_URL: database.url,
    RABBITMQ_URL: broker.url,
    PUBLIC_URL: `http://localhost:${port}`,
  }
  const program = `${bundleFolder}/start.mjs`
  const starting = ['gateway', 'accounts', 'users', 'chat', 'notifications', 'audit']
  const server = startServer({ folder: folder.path, port, environment, parts: starting, program })
  const statusOf = (path: string) =>
    fetch(`${url}${path}`).then(
      ({ status }) => status,
      () => 0,
    )
  await pause(awayMs)
  expect(await statusOf('/health')).toBe(0)

  database.restore()

  await using running = await server
  expect(running.output()).toContain('start.waiting')
  expect(await statusOf('/api/v1/health/live')).toBe(200)
  expect(await statusOf('/api/v1/health/ready')).toBe(503)
  expect(await statusOf('/api/v1/setup')).toBe(503)

  broker.restore()

  await eventually(
    () => statusOf('/api/v1/health/ready'),
    (status) => status === 200,
    60_000,
  )
  expect((await setUp(url)).username).toBe('admin')
}, 300_000)
