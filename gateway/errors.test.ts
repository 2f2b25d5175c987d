import type { AddressInfo } from 'node:net'
import net from 'node:net'
import { expect, test } from 'vitest'
import { type TestedGateway, testGateway } from '../tests/gateway.ts'

const post = { method: 'POST', url: '/api/v1/things' } as const
const asJson = { 'content-type': 'application/json' }

test('an error has one shape', async () => {
  await using gateway = await testGateway()

  const answer = await gateway.app.inject({ ...post, url: `${post.url}?secret=1`, payload: {} })

  expect(answer.statusCode).toBe(400)
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  expect(answer.json()).toEqual({
    statusCode: 400,
    code: 'invalid_input',
    message: 'secret: This operation takes nothing from the query.',
    errors: [{ field: 'secret', message: 'This operation takes nothing from the query.' }],
    path: '/api/v1/things',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    requestId: answer.headers['x-request-id'],
  })
})

test('a refusal that the operation declares keeps its code and status', async () => {
  await using gateway = await testGateway()

  const answer = await gateway.app.inject('/api/v1/things/none')

  expect(answer.json()).toMatchObject({ statusCode: 404, code: 'thing_not_found' })
  expect(answer.json().message).toBe('Thing not found.')
})

test.each([
  ['bug', 500, 'internal'],
  ['declared', 502, 'mail_unavailable'],
  ['unavailable', 503, 'unavailable'],
])(
  'what goes wrong on our side (%s) tells nothing but the request id',
  async (how, status, code) => {
    await using gateway = await testGateway()

    const answer = await gateway.app.inject({
      method: 'POST',
      url: '/api/v1/break',
      payload: { how },
    })

    expect([answer.statusCode, answer.json().code]).toEqual([status, code])
    expect(answer.body).not.toMatch(/secret|smtp|db-7/)
    expect(answer.json().requestId).toBe(answer.headers['x-request-id'])
  },
)

test('an unknown address is not found, a known one names the methods that it takes', async () => {
  await using gateway = await testGateway()
  const ask = async (method: 'GET' | 'PUT' | 'HEAD', url: string) => {
    const answer = await gateway.app.inject({ method, url })
    return [answer.statusCode, answer.headers.allow, method === 'HEAD' ? '' : answer.json().code]
  }

  expect(await ask('GET', '/api/v1/nothing')).toEqual([404, undefined, 'not_found'])
  expect(await ask('GET', '/nothing')).toEqual([404, undefined, 'not_found'])
  expect(await ask('PUT', '/api/v1/things')).toEqual([
    405,
    'GET, HEAD, POST, DELETE, OPTIONS',
    'method_not_allowed',
  ])
  expect(await ask('PUT', '/api/v1/things/1')).toEqual([
    405,
    'GET, HEAD, PATCH, OPTIONS',
    'method_not_allowed',
  ])
  expect(await ask('PUT', '/metrics')).toEqual([405, 'GET, HEAD, OPTIONS', 'method_not_allowed'])
  expect(await ask('PUT', '/metricsx')).toEqual([404, undefined, 'not_found'])
  expect(await ask('HEAD', '/api/v1/break')).toEqual([405, 'POST, OPTIONS', ''])
})

test.each<[string, string | Buffer, Record<string, string>, number, string]>([
  ['no JSON', '{"name":', asJson, 400, 'invalid_input'],
  ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), asJson, 400, 'invalid_input'],
  ['a list', '[]', asJson, 400, 'invalid_input'],
  ['null', 'null', asJson, 400, 'invalid_input'],
  ['a prototype', '{"name":"x","__proto__":{"a":1}}', asJson, 400, 'invalid_input'],
  ['a constructor', '{"constructor":{"prototype":{}}}', asJson, 400, 'invalid_input'],
  ['nothing', '', asJson, 400, 'invalid_input'],
  ['an unknown field', '{"name":"x","colour":1}', asJson, 400, 'invalid_input'],
  [
    'a form',
    'name=x',
    { 'content-type': 'application/x-www-form-urlencoded' },
    415,
    'unsupported_media_type',
  ],
  ['text', '{"name":"x"}', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
  ['a broken type', '{"name":"x"}', { 'content-type': 'json' }, 415, 'unsupported_media_type'],
  ['no type', '{"name":"x"}', {}, 415, 'unsupported_media_type'],
  [
    'a compressed body',
    '{"name":"x"}',
    { ...asJson, 'content-encoding': 'gzip' },
    415,
    'unsupported_media_type',
  ],
  ['too much', JSON.stringify({ name: 'x'.repeat(1_048_576) }), asJson, 413, 'payload_too_large'],
])('a body that is %s is refused', async (_, payload, headers, status, code) => {
  await using gateway = await testGateway()

  const answer = await gateway.app.inject({ ...post, headers, payload })

  expect([answer.statusCode, answer.json().code]).toEqual([status, code])
  expect(answer.json().path).toBe(post.url)
  expect(gateway.made).toEqual([])
})

test('JSON may say that it is UTF-8', async () => {
  await using gateway = await testGateway()

  const answer = await gateway.app.inject({
    ...post,
    headers: { 'content-type': 'Application/JSON; Charset="utf-8"' },
    payload: '{"name":"Zoë 🌻"}',
  })

  expect(answer.json()).toEqual({ id: '1', name: 'Zoë 🌻' })
})

test.each([
  ['/api/v1/things/%E0%A4%A', 400, 'invalid_input'],
  [`/api/v1/things/${'x'.repeat(600)}`, 414, 'uri_too_long'],
])(
  'an address that cannot be read is refused in the one shape, with all headers: %#',
  async (url, status, code) => {
    await using gateway = await testGateway()

    const answer = await gateway.app.inject(url)

    expect(answer.json()).toMatchObject({ statusCode: status, code, path: url })
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['x-frame-options']).toBe('DENY')
  },
)

/** Sends bytes as they are and answers with what comes back until the server hangs up. */
async function sendRaw(gateway: TestedGateway, text: string): Promise<string> {
  await gateway.listen()
  const { port } = gateway.app.server.address() as AddressInfo
  const socket = net.connect(port, '127.0.0.1')
  socket.write(text)
  let received = ''
  for await (const chunk of socket) received += chunk
  return received
}

test.each([
  ['what is no HTTP', 'HELLO\r\n\r\n', 400, 'invalid_input'],
  [
    'a header too large',
    `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'headers_too_large',
  ],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    400,
    'invalid_input',
  ],
])('%s is refused in the one shape and the connection ends', async (_, text, status, code) => {
  await using gateway = await testGateway()

  const answer = await sendRaw(gateway, text)

  const [head = '', body = ''] = answer.split('\r\n\r\n')
  expect(head).toContain(`HTTP/1.1 ${status} `)
  expect(head).toContain('Connection: close')
  const told = JSON.parse(body)
  expect(told).toMatchObject({ statusCode: status, code, path: '' })
  expect(head).toContain(`X-Request-Id: ${told.requestId}`)
})
