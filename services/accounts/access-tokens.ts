import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto'
import { createSigner, createVerifier } from 'fast-jwt'
import {
  AccessTokenClaims,
  accessTokenAudience,
  accessTokenType,
  longestAccessTokenLifeMs,
} from '../../contracts/accounts.ts'
import { readJwt } from '../../kit/jwt.ts'
import type { AccountsConfig } from './config.ts'

type Said = Pick<AccessTokenClaims, 'sub' | 'sid' | 'role' | 'confirmed' | 'iat'>

/** Signs and checks access tokens. */
export type AccessTokens = ReturnType<typeof createAccessTokens>

export function createAccessTokens(config: AccountsConfig) {
  const lifeMs = config.ACCESS_TOKEN_MINUTES * 60_000
  const issuer = config.PUBLIC_URL
  const signing = readSeed(config.SIGNING_KEY)
  const keys = [
    toPublicKey(signing),
    ...(config.SIGNING_KEY_PREVIOUS ? [toPublicKey(readSeed(config.SIGNING_KEY_PREVIOUS))] : []),
  ]
  const sign = createSigner<Said>({
    algorithm: 'EdDSA',
    key: signing.export({ format: 'pem', type: 'pkcs8' }).toString(),
    header: { alg: 'EdDSA', typ: accessTokenType },
    kid: keys[0]?.jwk.kid ?? '',
    iss: issuer,
    aud: accessTokenAudience,
    expiresIn: lifeMs,
  })
  const verifiers = new Map(
    keys.map(({ jwk, pem }) => [
      jwk.kid,
      createVerifier({
        algorithms: ['EdDSA'],
        checkTyp: accessTokenType,
        allowedIss: issuer,
        allowedAud: accessTokenAudience,
        key: pem,
      }),
    ]),
  )

  return {
    lifeMs,
    issuer,
    keys: keys.map(({ jwk }) => jwk),
    sign,
    /** What a token says, when it is one of ours and has not expired. */
    read(token: string): AccessTokenClaims | undefined {
      const read = readJwt(token, form)
      const verify = read && verifiers.get(read.kid)
      if (!verify) return undefined
      try {
        verify(token)
        return read.claims
      } catch {
        // Whatever is wrong with it, it is not a good token; that is the whole answer.
        return undefined
      }
    },
  }
}

const form = {
  typ: accessTokenType,
  claims: AccessTokenClaims,
  longestLifeMs: longestAccessTokenLifeMs,
}

/** What stands before the seed in the PKCS #8 form of an Ed25519 key (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

function readSeed(seed: string): KeyObject {
  const der = Buffer.concat([pkcs8Prefix, Buffer.from(seed, 'base64')])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

function toPublicKey(privateKey: KeyObject) {
  const publicKey = createPublicKey(privateKey)
  const { x = '' } = publicKey.export({ format: 'jwk' })
  const jwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    use: 'sig',
    alg: 'EdDSA',
    // The thumbprint of RFC 7638: the same key has the same name after every start.
    kid: hash('sha256', JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }), 'base64url'),
    x,
  } as const
  return { jwk, pem: publicKey.export({ format: 'pem', type: 'spki' }).toString() }
}
