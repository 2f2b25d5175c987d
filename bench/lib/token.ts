import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { createSigner } from 'fast-jwt'

export const issuer = 'https://bench.example'
export const audience = 'stoa'

/** A key and a token signed with it, for servers that only verify. */
export function createToken(): { token: string; publicKey: JsonWebKey } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const kid = 'bench'
  const sign = createSigner({
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    algorithm: 'EdDSA',
    kid,
    header: { alg: 'EdDSA', typ: 'at+jwt' },
    expiresIn: 3_600_000,
    iss: issuer,
    aud: audience,
  })
  const claims = { sub: 'ada', sid: 'session', role: 'user', confirmed: true }
  const shown = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'EdDSA' }
  return { token: sign(claims), publicKey: shown }
}
