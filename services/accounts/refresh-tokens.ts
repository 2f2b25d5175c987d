import { createHmac, hash, randomBytes } from 'node:crypto'

/**
 * How refresh tokens replace each other.
 *
 * A token is a family (16 bytes, the same for all tokens of a session) and a secret (32 bytes, of
 * which only the hash is stored). Whoever shows a family without a secret that counts has, or
 * made up from, a token that counts no more: that is the theft that ends the session.
 *
 * Several tabs share one cookie jar, so one token is shown by many at nearly the same time, and
 * answers overtake each other or get lost. Therefore:
 *
 * 1. The next secret is an HMAC of the one it replaces with a stored random salt. The token
 *    before the one that counts, shown again within the grace, leads to the very token that counts
 *    now: all tabs end with the same one, and an answer that was lost can be had again. The salt
 *    is worth nothing without the token that it belongs to.
 * 2. Once a token has been given out twice, a copy of it may still be on its way and overwrite a
 *    newer one in the jar, to be shown long after. So it is not replaced until the grace has
 *    passed since; a token that was given out once is replaced at its first use, at which it has
 *    surely arrived. Whoever shows it meanwhile is not sent another copy, which would outlive
 *    that time on its way: they have it, and the jar stays as it is.
 * 3. When the server or its line is away for longer than the grace just after it has replaced a
 *    token, whoever asked has not got the next one. An id that they chose for the exchange, and
 *    that nobody knows who has only the token, lets them ask again until the next one was used.
 */
export type ReplacedToken = { hash: string; salt: string; at: number; attemptId?: string }

export type TokenState = {
  tokenHash: string
  previous: ReplacedToken | undefined
  /** Milliseconds since 1970; not in the future when the token was given out once. */
  sharedUntil: number
}

export type Step =
  /** The token that counts was shown: from now on another one does. */
  | { kind: 'replace'; token: string; tokenHash: string; previous: ReplacedToken }
  /** The token that counts was shown, and stays; it is not given out again. */
  | { kind: 'keep' }
  /** The token before it was shown in time: the one that counts is given out once more. */
  | { kind: 'share'; token: string; sharedUntil: number }
  | { kind: 'reused' }

const familyLength = 16
const tokenLength = familyLength + 32

export function createRefreshToken(): { token: string; family: string; tokenHash: string } {
  const bytes = randomBytes(tokenLength)
  const family = bytes.subarray(0, familyLength).toString('base64url')
  const secret = bytes.subarray(familyLength)
  return { token: bytes.toString('base64url'), family, tokenHash: hashSecret(secret) }
}

export function readRefreshToken(
  token: string | undefined,
): { family: string; secret: Buffer } | undefined {
  const bytes = Buffer.from(token ?? '', 'base64url')
  if (bytes.length !== tokenLength) return undefined
  return {
    family: bytes.subarray(0, familyLength).toString('base64url'),
    secret: bytes.subarray(familyLength),
  }
}

export function nextStep(
  { family, secret }: { family: string; secret: Buffer },
  { tokenHash, previous, sharedUntil }: TokenState,
  now: number,
  { graceMs, attemptId }: { graceMs: number; attemptId: string | undefined },
): Step {
  const shown = hashSecret(secret)
  if (shown === tokenHash) {
    if (now < sharedUntil) return { kind: 'keep' }
    const salt = randomBytes(32).toString('base64url')
    const next = successorOf(secret, salt)
    return {
      kind: 'replace',
      token: toToken(family, next),
      tokenHash: hashSecret(next),
      previous: { hash: shown, salt, at: now, ...(attemptId !== undefined && { attemptId }) },
    }
  }
  if (previous?.hash !== shown) return { kind: 'reused' }
  const isRepeated = attemptId !== undefined && attemptId === previous.attemptId
  if (!isRepeated && now - previous.at >= graceMs) return { kind: 'reused' }
  const current = successorOf(secret, previous.salt)
  return { kind: 'share', token: toToken(family, current), sharedUntil: now + graceMs }
}

function successorOf(secret: Buffer, salt: string): Buffer {
  return createHmac('sha256', secret).update(salt).digest()
}

function hashSecret(secret: Buffer): string {
  return hash('sha256', secret, 'base64url')
}

function toToken(family: string, secret: Buffer): string {
  return Buffer.concat([Buffer.from(family, 'base64url'), secret]).toString('base64url')
}
