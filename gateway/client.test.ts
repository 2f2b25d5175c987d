import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { createClientReader, networkOf } from './client.ts'

function read(remoteAddress: string, headers: Record<string, string>, trusted: string[] = []) {
  const request = { socket: { remoteAddress }, headers } as unknown as IncomingMessage
  return createClientReader(trusted)(request)
}

const forwarded = (addresses: string) => ({ 'x-forwarded-for': addresses })

test.each([
  ['nobody is trusted', '203.0.113.9', '198.51.100.1', [], '203.0.113.9'],
  ['the proxy is trusted', '10.0.0.1', '198.51.100.1', ['10.0.0.0/8'], '198.51.100.1'],
  [
    'the caller adds an address of its own',
    '10.0.0.1',
    '6.6.6.6, 198.51.100.1',
    ['10.0.0.0/8'],
    '198.51.100.1',
  ],
  [
    'two proxies are trusted',
    '10.0.0.1',
    '6.6.6.6, 198.51.100.1, 10.0.0.2',
    ['10.0.0.0/8'],
    '198.51.100.1',
  ],
  ['another proxy reports', '203.0.113.9', '198.51.100.1', ['10.0.0.0/8'], '203.0.113.9'],
  ['the report is nonsense', '10.0.0.1', 'unknown', ['10.0.0.0/8'], '10.0.0.1'],
  ['the proxy reports nothing', '10.0.0.1', '', ['10.0.0.0/8'], '10.0.0.1'],
  ['the proxy is this machine', '::1', '2001:db8::7', ['loopback'], '2001:db8::7'],
  [
    'an IPv4 address comes through IPv6',
    '::ffff:10.0.0.1',
    '::ffff:198.51.100.1',
    ['10.0.0.1'],
    '198.51.100.1',
  ],
])('the address when %s', (_, socket, report, trusted, ip) => {
  expect(read(socket, forwarded(report), trusted).ip).toBe(ip)
})

test.each([
  ['127.0.0.1', { host: 'localhost:3000' }],
  ['::1', { host: '[::1]:3000' }],
  ['::ffff:127.0.0.1', { host: '127.0.0.1' }],
])('a request from %s to %j is local', (address, headers) => {
  expect(read(address, headers).local).toBe(true)
})

test.each([
  ['another machine', '192.168.0.2', { host: 'localhost' }],
  ['a name that points here', '127.0.0.1', { host: 'evil.example' }],
  ['a name that begins so', '127.0.0.1', { host: 'localhost.evil.example' }],
  ['no name', '127.0.0.1', {}],
  ['a proxy that says for whom', '127.0.0.1', { host: 'localhost', ...forwarded('6.6.6.6') }],
  [
    'a proxy that says by which way',
    '127.0.0.1',
    { host: 'localhost', 'x-forwarded-proto': 'https' },
  ],
  ['a proxy by the standard', '127.0.0.1', { host: 'localhost', forwarded: 'for=6.6.6.6' }],
  ['a proxy that signs', '127.0.0.1', { host: 'localhost', via: '1.1 proxy' }],
])('a request through %s is not local', (_, address, headers: Record<string, string>) => {
  expect(read(address, headers, ['loopback']).local).toBe(false)
})

test('a user agent is cut to a length that can be kept', () => {
  expect(read('127.0.0.1', { 'user-agent': 'x'.repeat(9000) }).userAgent).toHaveLength(512)
})

test.each([
  ['198.51.100.1', '198.51.100.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['2001:db8::1:2:3:4:5', '2001:db8:0:1::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s belongs to %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network)
})
