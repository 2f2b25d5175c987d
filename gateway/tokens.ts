import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { createVerifier, TOKEN_ERROR_CODES, type TokenError } from 'fast-jwt'
import {
  AccessTokenClaims,
  accessTokenAudience,
  accessTokenType,
  longestAccessTokenLifeMs,
} from '../contracts/accounts.ts'
import type { Actor } from '../kit/context.ts'
import { type Failure, kitFailure } from '../kit/failure.ts'
import { readJwt } from '../kit/jwt.ts'

/** A signed-in person, as an access token tells. */
export type Session = Actor & {
  /** Milliseconds since 1970. */
  issuedAt: number
  expiresAt: number
}

export type SigningKey = JsonWebKey & { kid: string }

export type PublishedKeys = { issuer: string; keys: readonly SigningKey[] }

const pauseBetweenFetchesMs = 5_000

const form = {
  typ: accessTokenType,
  claims: AccessTokenClaims,
  longestLifeMs: longestAccessTokenLifeMs,
}

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
    const read = readJwt(token, form)
    const verifyWithKey = read && (await findVerify(read.kid))
    if (!verifyWithKey) throw invalid()
    try {
      verifyWithKey(token)
    } catch (error) {
      const { code } = error as TokenError
      throw code === TOKEN_ERROR_CODES.expired ? expired() : invalid()
    }
    const { claims } = read
    return {
      id: claims.sub,
      sessionId: claims.sid,
      role: claims.role,
      confirmed: claims.confirmed,
      issuedAt: claims.iat * 1000,
      expiresAt: claims.exp * 1000,
    }
  }
}

export function expired(): Failure {
  return kitFailure('unauthenticated', 'The access token has expired.')
}

function invalid(): Failure {
  return kitFailure('unauthenticated', 'The access token is not valid.')
}
