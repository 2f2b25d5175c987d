import { expect, test } from 'vitest'
import { createOrigins } from './origins.ts'
import { toMessage } from './records.ts'
import { header } from './transport.ts'

const origins = createOrigins('a key that all processes of it share')
const signed = origins.sign(
  toMessage({
    id: 'one',
    service: 'accounts',
    event: 'audited',
    topic: 'audit.record',
    key: 'ann',
    payload: { action: 'account.registered' },
    occurredAt: '2026-01-01T00:00:00.000Z',
    requestId: 'request',
    traceparent: 'trace',
  }),
)

test('what a service signed is genuine, whatever span it passes', () => {
  expect(origins.isGenuine(signed)).toBe(true)
  const { headers } = signed
  expect(
    origins.isGenuine({ ...signed, headers: { ...headers, [header.traceparent]: 'another' } }),
  ).toBe(true)
})

test.each([
  ['its topic', { topic: 'raw-message' }],
  ['its key', { key: 'bob' }],
  ['its body', { body: '{}' }],
  ...[header.eventId, header.service, header.event, header.occurredAt].map(
    (name) => [`its ${name}`, { headers: { ...signed.headers, [name]: 'another' } }] as const,
  ),
  ['no proof', { headers: { ...signed.headers, [header.origin]: '' } }],
] as const)('a message is not genuine with %s changed', (_, change) => {
  expect(origins.isGenuine({ ...signed, ...change })).toBe(false)
})

test('another key proves nothing', () => {
  expect(createOrigins('a key that somebody else has made up').isGenuine(signed)).toBe(false)
})
