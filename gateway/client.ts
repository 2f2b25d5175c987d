import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import net from 'node:net'
import type { Client } from '../kit/context.ts'

const namedRanges: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

export type ClientReader = (request: IncomingMessage) => Client

const loopback = createRanges(['loopback'])
const localHosts = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i
const longestUserAgent = 512

/**
 * Makes the function that says where a request comes from. What proxies report is believed only
 * as far as each one that reports is itself trusted.
 */
export function createClientReader(trustedProxies: readonly string[]): ClientReader {
  const trusted = createRanges(trustedProxies)

  function addressOf({ socket, headers }: IncomingMessage): string {
    let address = plainAddress(socket.remoteAddress ?? '')
    if (trustedProxies.length === 0) return address
    const reported = String(headers['x-forwarded-for'] ?? '').split(',')
    while (trusted(address)) {
      const next = plainAddress(reported.pop()?.trim() ?? '')
      if (net.isIP(next) === 0) break
      address = next
    }
    return address
  }

  return (request) => ({
    ip: addressOf(request),
    userAgent: (request.headers['user-agent'] ?? '').slice(0, longestUserAgent),
    local: isLocal(request),
  })
}

/**
 * Whether a request surely comes from this very machine: no proxy stands between, and the page
 * that sent it was not lured here by a name of its own (DNS rebinding).
 */
function isLocal({ socket, headers }: IncomingMessage): boolean {
  if (!localHosts.test(headers.host ?? '')) return false
  return !isForwarded(headers) && loopback(plainAddress(socket.remoteAddress ?? ''))
}

function isForwarded(headers: IncomingHttpHeaders): boolean {
  if (headers.via !== undefined || headers.forwarded !== undefined) return true
  for (const name in headers) if (name.startsWith('x-forwarded-')) return true
  return false
}

/** Writes an IPv4 address that arrived through an IPv6 socket as what it is. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

function createRanges(ranges: readonly string[]): (address: string) => boolean {
  const list = new net.BlockList()
  for (const range of ranges.flatMap((name) => namedRanges[name] ?? name)) {
    const [address = '', bits] = range.split('/')
    const family = net.isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => {
    const family = net.isIP(address)
    return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
  }
}

/** What counts as one stranger: an IPv4 address, or the /64 that one IPv6 customer is given. */
export function networkOf(ip: string): string {
  if (!ip.includes(':')) return ip
  const [head = '', tail] = (ip.split('%')[0] ?? '').split('::')
  const groups = head.split(':')
  if (tail !== undefined) {
    const after = tail.split(':').filter(Boolean)
    const before = groups.filter(Boolean)
    const missing = 8 - before.length - after.length
    groups.splice(0, groups.length, ...before, ...Array(Math.max(0, missing)).fill('0'), ...after)
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${network.join(':')}::/64`
}
