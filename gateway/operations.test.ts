import { expect, test } from 'vitest'
import { testGateway } from '../tests/gateway.ts'

const json = 'application/json; charset=utf-8'

test('an operation is called at its address and answers with its status', async () => {
  await using gateway = await testGateway()

  const answer = await gateway.app.inject({
    method: 'POST',
    url: '/api/v1/things',
    payload: { name: 'lamp' },
  })

  expect(answer.statusCode).toBe(201)
  expect(answer.json()).toEqual({ id: '1', name: 'lamp' })
  expect(answer.headers).toMatchObject({ 'content-type': json, 'cache-control': 'no-store' })
})

test('an operation gets what the path and the body give together', async () => {
  await using gateway = await testGateway()

  const answer = await gateway.app.inject({
    method: 'PATCH',
    url: '/api/v1/things/a%20b%2Fc',
    headers: gateway.as(),
    payload: { name: 'lamp' },
  })

  expect(answer.json()).toEqual({ id: 'a b/c', name: 'lamp' })
})

test('query text takes the type of its field, and defaults are filled in', async () => {
  await using gateway = await testGateway()

  const answer = await gateway.app.inject('/api/v1/things?sold=true&ids=1&ids=2')

  expect(answer.json().given).toEqual({ limit: 20, sold: true, ids: [1, 2] })
})

test.each([
  ['limit=many', 'limit'],
  ['limit=0', 'limit'],
  ['limit=1&limit=2', 'limit'],
  ['sold=yes', 'sold'],
  ['colour=red', 'colour'],
  ['__proto__=1', '__proto__'],
  ['constructor=1', 'constructor'],
])('the query %s is refused by naming %s', async (query, field) => {
  await using gateway = await testGateway()

  const answer = await gateway.app.inject(`/api/v1/things?${query}`)

  expect(answer.statusCode).toBe(400)
  expect(answer.json()).toMatchObject({ code: 'invalid_input', errors: [{ field }] })
})

test('what a service knows of a call: who, from where, and its names for the logs', async () => {
  await using gateway = await testGateway()
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  const answer = await gateway.app.inject({
    url: '/api/v1/call',
    headers: {
      ...gateway.as({ id: 'ann', role: 'moderator' }),
      'x-request-id': 'request-0001',
      traceparent,
      'user-agent': 'test/1',
    },
    remoteAddress: '198.51.100.7',
  })

  const { call } = answer.json()
  expect(call).toMatchObject({
    actor: { id: 'ann', sessionId: 'session-of-ann', role: 'moderator', confirmed: true },
    caller: 'outside',
    requestId: 'request-0001',
    client: { ip: '198.51.100.7', userAgent: 'test/1', local: false },
  })
  expect(call.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/)
  expect(call.traceparent).not.toBe(traceparent)
  expect(answer.headers['x-request-id']).toBe('request-0001')
})

test.each(['short', 'has spaces in it', 'x'.repeat(129), 'line\tbreak-in-it'])(
  'the request id %j is not taken over',
  async (given) => {
    await using gateway = await testGateway()

    const answer = await gateway.app.inject({
      url: '/api/v1/call',
      headers: { 'x-request-id': given },
    })

    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer.json().call.requestId).toBe(answer.headers['x-request-id'])
  },
)

test('operations demand the access that they declare, before their input is read', async () => {
  await using gateway = await testGateway()
  const remove = async (headers: Record<string, string>) => {
    const answer = await gateway.app.inject({ method: 'DELETE', url: '/api/v1/things', headers })
    return [answer.statusCode, answer.json().code]
  }

  expect(await remove({})).toEqual([401, 'unauthenticated'])
  expect(await remove(gateway.as({ confirmed: false }))).toEqual([403, 'email_unconfirmed'])
  expect(await remove(gateway.as({ role: 'moderator' }))).toEqual([403, 'forbidden'])
  expect(await remove(gateway.as({ role: 'admin' }))).toEqual([200, undefined])
})

test('an operation for other services only has no address', async () => {
  await using gateway = await testGateway()
  const paths = gateway.app.printRoutes({ commonPrefix: false })

  expect(paths).not.toContain('countThings')
})

test('a client that has an answer already is told so', async () => {
  await using gateway = await testGateway()
  const first = await gateway.app.inject('/api/v1/things/1')
  const etag = String(first.headers.etag)
  const ask = (known: string) =>
    gateway.app.inject({ url: '/api/v1/things/1', headers: { 'if-none-match': known } })

  expect(first.headers['cache-control']).toBe('private, no-cache')
  expect(etag).toMatch(/^W\/"[\w-]{27}"$/)
  for (const known of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
    const again = await ask(known)
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag])
  }
  expect((await ask('"other"')).statusCode).toBe(200)
  const other = await gateway.app.inject('/api/v1/things/2')
  expect(other.headers.etag).not.toBe(etag)
})

test('what can be got can be asked for without its body', async () => {
  await using gateway = await testGateway()

  const answer = await gateway.app.inject({ method: 'HEAD', url: '/api/v1/things/1' })

  expect([answer.statusCode, answer.body]).toEqual([200, ''])
  expect(answer.headers['content-length']).toBe(String('{"id":"1","name":"thing 1"}'.length))
})

test.each(['gzip', 'br'])(
  'long answers are compressed with %s when the client can',
  async (way) => {
    await using gateway = await testGateway()
    const make = (name: string) =>
      gateway.app.inject({
        method: 'POST',
        url: '/api/v1/things',
        headers: { 'accept-encoding': way },
        payload: { name },
      })

    const long = await make('x'.repeat(4000))
    const short = await make('x')

    expect(long.headers['content-encoding']).toBe(way)
    expect(long.headers.vary).toContain('accept-encoding')
    expect(long.rawPayload.length).toBeLessThan(500)
    expect(short.headers['content-encoding']).toBeUndefined()
  },
)

test('an upload may be larger than other bodies', async () => {
  await using gateway = await testGateway({
    environment: { BODY_LIMIT: '2048', UPLOAD_BODY_LIMIT: '8192' },
  })
  const send = async (url: string, payload: object) =>
    (await gateway.app.inject({ method: 'POST', url, payload })).statusCode

  expect(await send('/api/v1/things', { name: 'x'.repeat(3000) })).toBe(413)
  expect(await send('/api/v1/files', { data: 'x'.repeat(3000) })).toBe(200)
  expect(await send('/api/v1/files', { data: 'x'.repeat(9000) })).toBe(413)
})
