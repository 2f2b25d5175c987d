import { afterEach, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../../kit/testing.ts'
import { type TestedGateway, testGateway } from '../../tests/gateway.ts'

afterEach(() => {
  vi.useRealTimers()
})

const key = '"8e03978e-40d5-43e8-bc93-6894a57f9324"'

type More = { headers?: Record<string, string>; key?: string; remoteAddress?: string }

function send(gateway: TestedGateway, path: string, payload: object, more: More = {}) {
  return gateway.app.inject({
    method: 'POST',
    url: `/api/v1${path}`,
    headers: { 'idempotency-key': more.key ?? key, ...more.headers },
    payload,
    ...(more.remoteAddress && { remoteAddress: more.remoteAddress }),
  })
}

const make = (gateway: TestedGateway, name: string, more?: More) =>
  send(gateway, '/things', { name }, more)

test('a request that is repeated with its key is done once and answered alike', async () => {
  await using gateway = await testGateway()

  const first = await make(gateway, 'lamp')
  const again = await make(gateway, 'lamp')

  expect(gateway.made).toEqual(['lamp'])
  expect([again.statusCode, again.body]).toEqual([first.statusCode, first.body])
  expect(first.headers['idempotency-replayed']).toBeUndefined()
  expect(again.headers['idempotency-replayed']).toBe('true')
})

test('without a key, or with another, a request is done again', async () => {
  await using gateway = await testGateway()

  await make(gateway, 'lamp')
  await make(gateway, 'lamp', { key: 'other' })
  await gateway.app.inject({ method: 'POST', url: '/api/v1/things', payload: { name: 'lamp' } })

  expect(gateway.made).toEqual(['lamp', 'lamp', 'lamp'])
})

test('a hundred parallel requests with one key have one effect', async () => {
  await using gateway = await testGateway({ environment: { RATE_LIMIT_DEFAULT: '1000' } })

  const answers = await Promise.all(Array.from({ length: 100 }, () => make(gateway, 'lamp')))

  expect(gateway.made).toEqual(['lamp'])
  const answered = answers.filter(({ statusCode }) => statusCode === 201)
  expect(new Set(answered.map(({ body }) => body))).toEqual(new Set(['{"id":"1","name":"lamp"}']))
  for (const refused of answers.filter((answer) => !answered.includes(answer))) {
    expect(refused.statusCode).toBe(409)
    expect(refused.json().code).toBe('idempotency_in_progress')
    expect(refused.headers['retry-after']).toBe('1')
  }
  expect((await make(gateway, 'lamp')).json()).toEqual({ id: '1', name: 'lamp' })
})

test('a key cannot be used for another request', async () => {
  await using gateway = await testGateway()
  await make(gateway, 'lamp')

  const other = await make(gateway, 'desk')
  const elsewhere = await send(gateway, '/codes', {})

  expect([other.statusCode, other.json().code]).toEqual([422, 'idempotency_key_reused'])
  expect(elsewhere.statusCode).toBe(422)
  expect(gateway.made).toEqual(['lamp'])
})

test.each(['', '""', 'a b', '"a', 'a, b', '"a\\"', 'ä', 'x'.repeat(256), '"a";p=1'])(
  'the key %j is malformed',
  async (given) => {
    await using gateway = await testGateway()

    const answer = await make(gateway, 'lamp', { key: given })

    expect(answer.statusCode).toBe(400)
    expect(answer.json().errors[0].field).toBe('Idempotency-Key')
    expect(gateway.made).toEqual([])
  },
)

test('two people may use the same key, and one from two places too', async () => {
  await using gateway = await testGateway()
  const ann = { headers: gateway.as({ id: 'ann' }) }

  await make(gateway, 'by ann', ann)
  await make(gateway, 'by bob', { headers: gateway.as({ id: 'bob' }) })
  await make(gateway, 'by a stranger', { remoteAddress: '198.51.100.1' })
  await make(gateway, 'by another', { remoteAddress: '198.51.100.2' })
  await make(gateway, 'by ann', { ...ann, remoteAddress: '198.51.100.3' })

  expect(gateway.made).toEqual(['by ann', 'by bob', 'by a stranger', 'by another'])
})

test('a declared refusal is given again; what never began can be mended and sent again', async () => {
  await using gateway = await testGateway()

  const first = await make(gateway, 'taken')
  const again = await make(gateway, 'taken')
  await make(gateway, '', { key: 'mended' })
  const mended = await make(gateway, 'lamp', { key: 'mended' })

  expect(first.json().code).toBe('name_taken')
  expect(again.json()).toMatchObject({ statusCode: 409, code: 'name_taken' })
  expect(again.headers['idempotency-replayed']).toBe('true')
  expect(again.json().requestId).not.toBe(first.json().requestId)
  expect(mended.statusCode).toBe(201)
})

test('a failure of ours is not kept: the same request may be tried again', async () => {
  let broken = true
  await using gateway = await testGateway({
    handlers: {
      async createThing({ name }) {
        if (broken) throw new Error('no disk')
        return { id: '1', name }
      },
    },
  })

  expect((await make(gateway, 'lamp')).statusCode).toBe(500)
  broken = false
  expect((await make(gateway, 'lamp')).statusCode).toBe(201)
})

test('when nobody knows how a request ended, it is not done again', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  await using gateway = await testGateway()
  const late = send(gateway, '/break', { how: 'late' })
  await vi.waitUntil(() => gateway.made.length === 1)
  vi.setSystemTime(Date.now() + 6_000)
  expect((await late).statusCode).toBe(503)

  const soon = await send(gateway, '/break', { how: 'late' })
  vi.setSystemTime(Date.now() + 60_000)
  const later = await send(gateway, '/break', { how: 'late' })

  expect(soon.json().code).toBe('idempotency_in_progress')
  expect(later.json()).toMatchObject({ statusCode: 409, code: 'outcome_unknown' })
  expect(gateway.made).toEqual(['late'])
})

test('answers outlive a restart, and so does the knowledge that one is missing', async () => {
  using folder = temporaryFolder()
  {
    await using gateway = await testGateway({ folder: folder.path })
    await make(gateway, 'lamp')
    await gateway.store.db
      .updateTable('idempotencyKey')
      .set({ reservedAt: new Date(Date.now() - 60_000).toISOString() })
      .execute()
    await make(gateway, 'desk', { key: 'cut-off' })
    await gateway.store.db
      .updateTable('idempotencyKey')
      .set({ outcome: null, reservedAt: new Date(Date.now() - 60_000).toISOString() })
      .where('reservedAt', '>', new Date(Date.now() - 30_000).toISOString())
      .execute()
  }
  await using gateway = await testGateway({ folder: folder.path })

  const again = await make(gateway, 'lamp')
  const interrupted = await make(gateway, 'desk', { key: 'cut-off' })

  expect([again.statusCode, again.json()]).toEqual([201, { id: '1', name: 'lamp' }])
  expect(interrupted.json().code).toBe('outcome_unknown')
  expect(gateway.made).toEqual([])
})

test('a key is free again after a day', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  await using gateway = await testGateway()
  await make(gateway, 'lamp')

  vi.setSystemTime(Date.now() + 23 * 3_600_000)
  expect((await make(gateway, 'desk')).statusCode).toBe(422)
  vi.setSystemTime(Date.now() + 2 * 3_600_000)
  expect((await make(gateway, 'desk')).statusCode).toBe(201)

  expect(gateway.made).toEqual(['lamp', 'desk'])
})

test('an answer with secrets is given once and never written down', async () => {
  await using gateway = await testGateway()

  const first = await send(gateway, '/sign-in', { name: 'ann' })
  const again = await send(gateway, '/sign-in', { name: 'ann' })

  expect(first.statusCode).toBe(200)
  expect(again.json()).toMatchObject({ statusCode: 409, code: 'answer_not_kept' })
  expect(gateway.made).toEqual(['ann'])
  const kept = JSON.stringify(
    await gateway.store.db.selectFrom('idempotencyKey').selectAll().execute(),
  )
  expect(kept).not.toContain(first.json().refreshToken)
  expect(kept).not.toContain('8e03978e')
})

test('reading needs no key and ignores one', async () => {
  await using gateway = await testGateway()

  const { statusCode } = await gateway.app.inject({
    url: '/api/v1/things',
    headers: { 'idempotency-key': 'a b' },
  })

  expect(statusCode).toBe(200)
})
