import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { eventually } from '../kit/testing.ts'
import { type GatewayTestOptions, type TestedGateway, testGateway } from '../tests/gateway.ts'
import { gatewayConfig } from './config.ts'
import { createShedder } from './shedding.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

async function listen(options: GatewayTestOptions = {}) {
  const gateway = await testGateway(options)
  await gateway.listen()
  const { port } = gateway.app.server.address() as AddressInfo
  return { gateway, port, url: `http://127.0.0.1:${port}/api/v1` }
}

/** A handler that answers when it is told to. */
function createGate() {
  const { promise, resolve } = Promise.withResolvers<void>()
  let entered = 0
  const createThing = async ({ name }: { name: string }) => {
    entered++
    await promise
    return { id: '1', name }
  }
  return { createThing, open: resolve, entered: () => entered }
}

const makeThing = (url: string) =>
  fetch(`${url}/things`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"lamp"}',
  })

const openConnections = (gateway: TestedGateway) =>
  new Promise<number>((resolve) => gateway.app.server.getConnections((_, count) => resolve(count)))

test('stopping lets what is under way finish, and nothing new begin', async () => {
  const gate = createGate()
  const { gateway, url } = await listen({ handlers: { createThing: gate.createThing } })
  const underWay = makeThing(url)
  await eventually(() => gate.entered() === 1)

  const drained = gateway.drain()
  await eventually(async () => {
    const refused = await fetch(`${url}/things`).catch(() => 'refused')
    return refused === 'refused'
  })
  gate.open()
  await drained

  const answer = await underWay
  expect(answer.status).toBe(201)
  expect(await answer.json()).toEqual({ id: '1', name: 'lamp' })
  await gateway.close()
})

test('while load balancers have not noticed yet, requests are answered and connections end', async () => {
  const { gateway, url } = await listen({ environment: { DRAIN_DELAY_MS: '300' } })
  const drained = gateway.drain()

  const ready = await fetch(`${url}/health/ready`)
  const answer = await makeThing(url)

  expect(ready.status).toBe(503)
  expect(answer.status).toBe(201)
  expect(answer.headers.get('connection')).toBe('close')
  await drained
  await gateway.close()
})

test('stopping does not wait for ever', async () => {
  const gate = createGate()
  const { gateway, url } = await listen({
    environment: { DRAIN_TIMEOUT_MS: '50' },
    handlers: { createThing: gate.createThing },
  })
  const underWay = makeThing(url)
  await eventually(() => gate.entered() === 1)

  await gateway.drain()

  gate.open()
  expect((await underWay).status).toBe(201)
  await gateway.close()
})

test('a caller that hangs up harms nobody', async () => {
  const gate = createGate()
  const { gateway, port, url } = await listen({ handlers: { createThing: gate.createThing } })
  const leaving = http.request({ port, host: '127.0.0.1', method: 'POST', path: '/api/v1/things' })
  leaving.on('error', () => {})
  leaving.setHeader('content-type', 'application/json')
  leaving.end('{"name":"lamp"}')
  await eventually(() => gate.entered() === 1)
  leaving.destroy()
  await eventually(async () => (await openConnections(gateway)) === 0)
  gate.open()

  const halfway = net.connect(port, '127.0.0.1')
  halfway.on('error', () => {})
  const head = 'POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
  halfway.write(`${head}Content-Length: 100\r\n\r\n{"name":`)
  await eventually(async () => (await openConnections(gateway)) === 1)
  halfway.resetAndDestroy()

  expect((await makeThing(url)).status).toBe(201)
  expect(gate.entered()).toBe(2)
  await gateway.close()
})

test('a caller who may not come in is told so before its body arrives', async () => {
  const { gateway, port } = await listen()
  const socket = net.connect(port, '127.0.0.1')
  const head = 'PATCH /api/v1/things/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
  socket.write(`${head}Content-Length: 1000000\r\n\r\n`)

  const [chunk] = await new Promise<Buffer[]>((resolve) =>
    socket.once('data', (data) => resolve([data])),
  )

  expect(String(chunk)).toContain('HTTP/1.1 401 Unauthorized')
  socket.destroy()
  await gateway.close()
})

test('what takes too long is given up', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const gateway = await testGateway()
  const answer = gateway.app.inject({
    method: 'POST',
    url: '/api/v1/break',
    payload: { how: 'late' },
  })
  await vi.waitUntil(() => gateway.made.length === 1)

  vi.setSystemTime(Date.now() + 6_000)

  expect((await answer).json()).toMatchObject({ statusCode: 503, code: 'unavailable' })
  expect((await answer).headers['retry-after']).toBe('1')
  await gateway.close()
})

test('beyond what it can carry, the gateway turns requests away; signing in and health come last', async () => {
  const gate = createGate()
  const { gateway, url } = await listen({
    environment: { MAX_REQUESTS_IN_FLIGHT: '2' },
    handlers: { createThing: gate.createThing },
  })
  const underWay = [makeThing(url), makeThing(url)]
  await eventually(() => gate.entered() === 2)

  const refused = await makeThing(url)
  const signIn = await fetch(`${url}/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"ann"}',
  })
  const health = await fetch(`${url}/health/live`)

  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({ code: 'unavailable', path: '/api/v1/things' })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect([signIn.status, health.status]).toEqual([200, 200])
  gate.open()
  await Promise.all(underWay)
  expect((await makeThing(url)).status).toBe(201)
  await gateway.close()
})

test('who stands in the line of a crowd counts as well, and is turned away where it is too long', async () => {
  const gate = createGate()
  const { gateway, url } = await listen({
    environment: { MAX_REQUESTS_IN_FLIGHT: '100', RATE_LIMIT_DEFAULT: '1000' },
    handlers: { createThing: gate.createThing },
  })
  const answered: number[] = []
  const crowd = Array.from({ length: 300 }, async () => {
    answered.push((await makeThing(url)).status)
  })
  await eventually(() => gate.entered() + answered.length === crowd.length)

  expect(new Set(answered)).toEqual(new Set([503]))
  expect(answered.length).toBeGreaterThan(100)
  const refused = answered.length
  gate.open()
  await Promise.all(crowd)
  expect(new Set(answered.slice(refused))).toEqual(new Set([201]))
  await gateway.close()
})

test('requests are turned away while the event loop is late again and again, not for one stall', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
  const shedder = createShedder(gatewayConfig.parse({ MAX_EVENT_LOOP_DELAY_MS: '100' }))
  let now = 0
  const sample = (lateMs: number) => {
    now += 100 + lateMs
    clock.mockReturnValue(now)
    vi.advanceTimersByTime(100)
    return [shedder.refusal(false)?.code, shedder.refusal(true)?.code]
  }

  const seen = [150, 0, 150, 150, 150, 500, 0, 0, 0].map(sample)

  const [all, others, none] = [
    ['unavailable', 'unavailable'],
    ['unavailable', undefined],
    [undefined, undefined],
  ]
  expect(seen).toEqual([none, none, none, others, others, all, others, none, none])
  shedder.close()
})
