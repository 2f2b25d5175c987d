import { createSigner, createVerifier } from 'fast-jwt'

/** Seconds that a token is good for. */
const lifetimeS = 60
/** Seconds for which one token is used again, so that none is sent close to its end. */
const reuseS = 30
/** Seconds by which the clocks of two machines may differ. */
const toleranceS = 5
const verifiedKept = 1_000
const shortestKey = 32

/**
 * Short-lived proof, made with a key that only the product's own processes share, of who calls
 * which service. A broker may be open to others; the services behind it are not.
 */
export type ServiceTokens = {
  mint(caller: string, service: string): string
  /** The caller's name, when the token is genuine, current and meant for the service. */
  verify(token: string, service: string): string | undefined
}

export function createServiceTokens(key: string, now: () => number = Date.now): ServiceTokens {
  if (key.length < shortestKey) {
    throw new Error(`The service key needs at least ${shortestKey} characters`)
  }
  const sign = createSigner({ key, algorithm: 'HS256' })
  const read = createVerifier({
    key,
    algorithms: ['HS256'],
    requiredClaims: ['sub', 'aud', 'exp'],
    ignoreExpiration: true,
  })
  const minted = new Map<string, { token: string; until: number }>()
  const verified = new Map<string, Claims>()

  function claimsOf(token: string): Claims | undefined {
    const known = verified.get(token)
    if (known) return known
    try {
      const claims: Claims = read(token)
      if (verified.size >= verifiedKept) verified.clear()
      verified.set(token, claims)
      return claims
    } catch {
      return undefined
    }
  }

  return {
    mint(caller, service) {
      const seconds = Math.floor(now() / 1_000)
      const name = `${caller}>${service}`
      const known = minted.get(name)
      if (known && known.until > seconds) return known.token
      const token = sign({ sub: caller, aud: service, iat: seconds, exp: seconds + lifetimeS })
      minted.set(name, { token, until: seconds + reuseS })
      return token
    },
    verify(token, service) {
      const claims = claimsOf(token)
      if (!claims || claims.aud !== service) return undefined
      if (claims.exp + toleranceS <= now() / 1_000) return undefined
      return claims.sub
    },
  }
}

type Claims = { sub: string; aud: string; exp: number }
