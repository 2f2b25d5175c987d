import { hash, timingSafeEqual } from 'node:crypto'
import type { onRequestAsyncHookHandler } from 'fastify'
import { kitFailure } from '../kit/failure.ts'
import { networkOf } from './client.ts'
import type { GatewayConfig } from './config.ts'
import { type Limits, tooMany } from './limits.ts'

/**
 * Makes the hook that lets in whoever knows the name and password of the documentation, or
 * everybody when none are set. Guessing counts as trying to sign in.
 */
export function createBasicCheck(
  { DOCS_USER: user, DOCS_PASSWORD: password }: GatewayConfig,
  limits: Limits,
  addressOf: (request: Parameters<onRequestAsyncHookHandler>[0]) => string,
): onRequestAsyncHookHandler {
  if (user === undefined || password === undefined) return async () => {}
  const wanted = digest(`${user}:${password}`)

  return async (request, reply) => {
    const key = `basic ${networkOf(addressOf(request))}`
    if (await limits.isExhausted('auth', key)) throw tooMany(await limits.take('auth', key))
    const [, encoded = ''] = request.headers.authorization?.match(/^Basic (\S+)$/i) ?? []
    if (timingSafeEqual(digest(Buffer.from(encoded, 'base64').toString()), wanted)) return
    if (encoded !== '') await limits.take('auth', key)
    reply.header('www-authenticate', 'Basic realm="stoa", charset="UTF-8"')
    throw kitFailure('unauthenticated', 'Name and password are needed.')
  }
}

/** Of one length whatever was sent, so that comparing takes one time. */
function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
