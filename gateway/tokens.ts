import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { createVerifier, TOKEN_ERROR_CODES, type TokenError } from 'fast-jwt'
import * as z from 'zod'
import { AccessTokenClaims, accessTokenAudience, accessTokenType } from '../contracts/accounts.ts'
import type { Actor } from '../kit/context.ts'
import { type Failure, kitFailure } from '../kit/failure.ts'

/** A signed-in person, as an access token tells. */
export type Session = Actor & {
  /** Milliseconds since 1970. */
  issuedAt: number
  expiresAt: number
}

export type SigningKey = JsonWebKey & { kid: string }

export type PublishedKeys = { issuer: string; keys: readonly SigningKey[] }

/** Longer-lived tokens are not ours, and revocations need not be remembered for longer. */
export const longestTokenLifeMs = 24 * 3_600_000

const pauseBetweenFetchesMs = 5_000

const Header = z.strictObject({
  alg: z.literal('EdDSA'),
  typ: z.literal(accessTokenType),
  kid: z.string().min(1).max(128),
})

type Verify = (token: string) => unknown

/**
 * Verifies access tokens with the keys that accounts publishes. Keys are fetched when they are
 * first needed and when a token names one that is not known, but not more often than now and then.
 */
export function createTokenVerifier(fetchKeys: () => Promise<PublishedKeys>) {
  let verifiers = new Map<string, Verify>()
  let fetchedAt = Number.NEGATIVE_INFINITY
  let fetching: Promise<void> | undefined

  async function fetchAll(): Promise<void> {
    const { issuer, keys } = await fetchKeys()
    fetchedAt = performance.now()
    verifiers = new Map(keys.map((key) => [key.kid, createVerify(key, issuer)]))
  }

  function createVerify(jwk: SigningKey, issuer: string): Verify {
    const key = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    return createVerifier({
      key,
      algorithms: ['EdDSA'],
      checkTyp: accessTokenType,
      allowedIss: issuer,
      allowedAud: accessTokenAudience,
      requiredClaims: ['iss', 'aud'],
      cache: false,
    })
  }

  async function findVerify(kid: string): Promise<Verify | undefined> {
    const known = verifiers.get(kid)
    if (known || performance.now() - fetchedAt < pauseBetweenFetchesMs) return known
    fetching ??= fetchAll().finally(() => {
      fetching = undefined
    })
    await fetching
    return verifiers.get(kid)
  }

  return async function verify(token: string): Promise<Session> {
    const [header, payload, signature, ...rest] = token.split('.')
    if (!header || !payload || !isCanonical(signature) || rest.length > 0) throw invalid()
    const { data: named } = Header.safeParse(readSegment(header))
    const { data: claims } = AccessTokenClaims.safeParse(readSegment(payload))
    if (!named || !claims) throw invalid()
    const verifyWithKey = await findVerify(named.kid)
    if (!verifyWithKey) throw invalid()
    try {
      verifyWithKey(token)
    } catch (error) {
      const { code } = error as TokenError
      throw code === TOKEN_ERROR_CODES.expired ? expired() : invalid()
    }
    const session = {
      id: claims.sub,
      sessionId: claims.sid,
      role: claims.role,
      confirmed: claims.confirmed,
      issuedAt: claims.iat * 1000,
      expiresAt: claims.exp * 1000,
    }
    if (session.expiresAt - session.issuedAt > longestTokenLifeMs) throw invalid()
    return session
  }
}

export function expired(): Failure {
  return kitFailure('unauthenticated', 'The access token has expired.')
}

function invalid(): Failure {
  return kitFailure('unauthenticated', 'The access token is not valid.')
}

/**
 * Reads a segment that says everything once and in the one way in which our own tokens are
 * written: a name that appears twice means different things to different readers.
 */
function readSegment(segment: string): unknown {
  if (!isCanonical(segment)) return undefined
  const text = Buffer.from(segment, 'base64url').toString()
  try {
    const value: unknown = JSON.parse(text)
    return JSON.stringify(value) === text ? value : undefined
  } catch {
    return undefined
  }
}

function isCanonical(segment: string | undefined): boolean {
  if (!segment) return false
  return Buffer.from(segment, 'base64url').toString('base64url') === segment
}
