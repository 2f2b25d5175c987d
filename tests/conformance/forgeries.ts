import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'

type Json = Readonly<Record<string, unknown>>

/** What a forger may know, and for the harder cases more than that: the signing key itself. */
export type Mint = {
  token: string
  header: Json
  claims: Json
  publicKey: KeyObject
  /** Signs what should never be signed; text is taken as it is. */
  signed(header: Json | string, claims: unknown): string
  /** Signs segments that are already encoded, however badly. */
  signedRaw(header: string, claims: string): string
}

/** Reads a token of an installation whose signing key (32 bytes) is known. */
export function openMint(token: string, seed: Uint8Array): Mint {
  // What stands before the seed in the PKCS #8 form of an Ed25519 key (RFC 8410).
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
  const key = createPrivateKey({
    key: Buffer.concat([prefix, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const [header = '', claims = ''] = token.split('.')
  const signedRaw = (head: string, body: string) => {
    const text = `${head}.${body}`
    return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`
  }
  return {
    token,
    header: decode(header),
    claims: decode(claims),
    publicKey: createPublicKey(key),
    signed: (head, body) => signedRaw(encode(head), encode(body)),
    signedRaw,
  }
}

/** A name for what is wrong, and the token. */
export type Forgery = readonly [name: string, token: string]

/**
 * Tokens that must not be accepted. The families are those of Wycheproof's vectors for JSON Web
 * Signatures, made anew for a key that the server trusts, because a vector for another key is
 * refused for the key alone; to them come the known attacks on EdDSA and on the claims.
 */
export function listForgeries(mint: Mint): Forgery[] {
  const families = {
    parts: missingParts(mint),
    signature: badSignatures(mint),
    encoding: badEncodings(mint),
    json: badJson(mint),
    algorithm: otherAlgorithms(mint),
    header: badHeaders(mint),
    claims: badClaims(mint),
  }
  return Object.entries(families).flatMap(([family, tokens]) =>
    Object.entries(tokens).map(([name, token]) => [`${family}: ${name}`, token] as const),
  )
}

type Family = Record<string, string>

function partsOf({ token }: Mint): [string, string, string] {
  const [header = '', claims = '', signature = ''] = token.split('.')
  return [header, claims, signature]
}

function missingParts(mint: Mint): Family {
  const [header, claims, signature] = partsOf(mint)
  return {
    nothing: '',
    'one word': 'token',
    'one dot': '.',
    'nothing but dots': '..',
    'the signature': `${header}.${claims}.`,
    'the signature and its dot': `${header}.${claims}`,
    'the claims': `${header}..${signature}`,
    'the claims and their dot': `${header}.${signature}`,
    'the header': `.${claims}.${signature}`,
    'the header and its dot': `${claims}.${signature}`,
    'header and signature': `.${claims}.`,
    'all but the claims': claims,
    'a fourth that is empty': `${mint.token}.`,
    'a fourth that is not': `${mint.token}.foo`,
    'five, as if encrypted': `${header}..${claims}.${signature}.x`,
    'JSON serialization': JSON.stringify({
      payload: claims,
      signatures: [{ protected: header, header: { unknown: 'x' }, signature }],
    }),
    'flat JSON serialization': JSON.stringify({ payload: claims, protected: header, signature }),
    'the token twice': `${mint.token},${mint.token}`,
    'a second scheme': `Bearer ${mint.token}x`,
  }
}

/** The order of the group in which Ed25519 signs. */
const order = 2n ** 252n + 27742317777372353535851937790883648493n

function badSignatures(mint: Mint): Family {
  const [header, claims, signature] = partsOf(mint)
  const bytes = Buffer.from(signature, 'base64url')
  const [point, scalar] = [bytes.subarray(0, 32), bytes.subarray(32)]
  const withSignature = (...parts: Uint8Array[]) =>
    `${header}.${claims}.${Buffer.concat(parts).toString('base64url')}`
  const flipped = (at: number) => {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    return changed
  }
  const one = Buffer.from('01'.padEnd(64, '0'), 'hex')
  const zero = Buffer.alloc(32)
  const s = readScalar(scalar)
  return {
    'first bit': withSignature(flipped(0)),
    'last bit': withSignature(flipped(63)),
    'first bit of the scalar': withSignature(flipped(32)),
    'cut by a byte': withSignature(bytes.subarray(0, 63)),
    'cut to half': withSignature(point),
    'longer by a zero': withSignature(bytes, Buffer.alloc(1)),
    'longer by another': withSignature(bytes, bytes),
    'led by a zero': withSignature(Buffer.alloc(1), bytes),
    'all zeros': withSignature(zero, zero),
    'all ones': withSignature(Buffer.alloc(64, 255)),
    'halves exchanged': withSignature(scalar, point),
    'malleable: S + L': withSignature(point, writeScalar(s + order)),
    'malleable: S + 2L': withSignature(point, writeScalar(s + 2n * order)),
    'malleable: L − S': withSignature(point, writeScalar(order - s)),
    'highest bit of the scalar': withSignature(point, writeScalar(s + 2n ** 255n)),
    'identity as point, scalar 0': withSignature(one, zero),
    'identity as point, scalar L': withSignature(one, writeScalar(order)),
    'identity, not in its shortest form': withSignature(writeScalar(2n ** 255n - 18n), zero),
    'of other claims': `${header}.${encode({ ...mint.claims, sub: 'eve' })}.${signature}`,
    'of another header': `${encode({ ...mint.header, kid: 'x' })}.${claims}.${signature}`,
    'of the claims alone': withSignature(signatureOf(mint.signedRaw('', claims))),
    'by another key under the known name': foreignEdDsa(mint, {}),
  }
}

function badEncodings(mint: Mint): Family {
  const [header, claims, signature] = partsOf(mint)
  const family: Family = { 'a space before': ` .${mint.token}` }
  const spoilt = {
    'a space inside': (text: string) => `${text.slice(0, 4)} ${text.slice(4)}`,
    'spaces before': (text: string) => `    ${text}`,
    'a question mark before': (text: string) => `?${text}`,
    'a question mark after': (text: string) => `${text}?`,
    'hashes after': (text: string) => `${text}####`,
    'a character replaced': (text: string) => `?${text.slice(1)}`,
    padding: (text: string) => text.padEnd(Math.ceil((text.length + 1) / 4) * 4, '='),
    'a percent escape': (text: string) => `%${text.charCodeAt(0).toString(16)}${text.slice(1)}`,
  }
  for (const [name, spoil] of Object.entries(spoilt)) {
    family[`signature: ${name}`] = `${header}.${claims}.${spoil(signature)}`
    family[`claims: ${name}`] = mint.signedRaw(header, spoil(claims))
    family[`header: ${name}`] = mint.signedRaw(spoil(header), claims)
  }
  family['signature: unused bits'] = `${header}.${claims}.${withLooseBits(signature)}`
  // As many claims as leave unused bits in their last character.
  const loose = [{}, { a: 1 }, { a: 11 }]
    .map((more) => encode({ ...mint.claims, ...more }))
    .find((text) => text.length % 4 !== 0)
  if (loose) family['claims: unused bits'] = mint.signedRaw(header, withLooseBits(loose))
  const standard = (text: string) => Buffer.from(text, 'base64url').toString('base64')
  family['signature: the other alphabet'] = mint
    .signed(mint.header, { ...mint.claims, jti: '>>>???' })
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .concat('=')
  family['claims: the other alphabet'] = mint.signedRaw(
    header,
    standard(encode({ ...mint.claims, jti: '???>>>ü' })),
  )
  family['claims: not encoded (b64: false)'] = mint.signedRaw(
    encode({ ...mint.header, b64: false, crit: ['b64'] }),
    JSON.stringify(mint.claims).replaceAll('.', ''),
  )
  return family
}

function badJson(mint: Mint): Family {
  const header = JSON.stringify(mint.header)
  const claims = JSON.stringify(mint.claims)
  const both = (name: string, spoil: (text: string) => string): Family => ({
    [`header: ${name}`]: mint.signed(spoil(header), claims),
    [`claims: ${name}`]: mint.signed(header, spoil(claims)),
  })
  return {
    ...both('no JSON', () => 'claims'),
    ...both('a list', (text) => `[${text}]`),
    ...both('null', () => 'null'),
    ...both('text around it', (text) => `${text}x`),
    ...both('white space', (text) => ` ${text.replaceAll('":', '"\t:\n')} `),
    ...both('a byte order mark', (text) => `\uFEFF${text}`),
    ...both('cut off', (text) => text.slice(0, -1)),
    'claims: one twice': mint.signed(header, claims.replace('{', '{"sub":"eve",')),
    'claims: one twice, once escaped': mint.signed(
      header,
      claims.replace('{', '{"\\u0073ub":"eve",'),
    ),
    'header: very deep': mint.signed(
      header.replace('{', `{"x":${'['.repeat(500)}${']'.repeat(500)},`),
      claims,
    ),
    'header: a prototype': mint.signed(header.replace('{', '{"__proto__":{"alg":"none"},'), claims),
    'header: one twice': mint.signed(header.replace('{', '{"alg":"none",'), claims),
    'header: invalid UTF-8': mint.signedRaw(
      Buffer.concat([Buffer.from('{"a":"'), Buffer.of(255), Buffer.from('"}')]).toString(
        'base64url',
      ),
      encode(claims),
    ),
  }
}

const rsa = { modulusLength: 2048 }

/** Every other algorithm, with a key of the forger's own under the name of the known one. */
function otherAlgorithms(mint: Mint): Family {
  const family: Family = {}
  const { claims } = mint
  const headed = (alg: unknown) => ({ ...mint.header, alg })
  const bodyOf = (alg: unknown) => `${encode(headed(alg))}.${encode(claims)}`

  for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, undefined]) {
    family[`${alg}, without a signature`] = `${bodyOf(alg)}.`
    family[`${alg}, with the real signature`] = mint.signed(headed(alg), claims)
  }
  for (const alg of ['eddsa', 'EDDSA', 'Ed25519', 'Ed448', 'ES256', 'HS256', 'RS256', ['EdDSA']]) {
    family[`${alg} in the header, signed as EdDSA`] = mint.signed(headed(alg), claims)
  }
  const secrets = {
    'the PEM of the public key': mint.publicKey.export({ type: 'spki', format: 'pem' }),
    'the trimmed PEM of the public key': String(
      mint.publicKey.export({ type: 'spki', format: 'pem' }),
    ).trim(),
    'the DER of the public key': mint.publicKey.export({ type: 'spki', format: 'der' }),
    'the bytes of the public key': Buffer.from(xOf(mint.publicKey), 'base64url'),
    'the text of the public key': xOf(mint.publicKey),
    'the JWK of the public key': JSON.stringify(mint.publicKey.export({ format: 'jwk' })),
    'the name of the key': String(mint.header.kid),
    nothing: '',
  }
  for (const bits of ['256', '384', '512']) {
    for (const [name, secret] of Object.entries(secrets)) {
      const text = bodyOf(`HS${bits}`)
      const mac = createHmac(`sha${bits}`, secret).update(text).digest('base64url')
      family[`HS${bits} with ${name} as secret`] = `${text}.${mac}`
    }
  }
  const { privateKey: rsaKey } = generateKeyPairSync('rsa', rsa)
  for (const bits of ['256', '384', '512']) {
    for (const alg of [`RS${bits}`, `PS${bits}`]) {
      const text = bodyOf(alg)
      const padding = alg.startsWith('PS') ? { padding: 6, saltLength: Number(bits) / 8 } : {}
      const made = sign(`sha${bits}`, Buffer.from(text), { key: rsaKey, ...padding })
      family[alg] = `${text}.${made.toString('base64url')}`
    }
  }
  for (const [bits, namedCurve] of Object.entries({ 256: 'P-256', 384: 'P-384', 512: 'P-521' })) {
    const { privateKey: key } = generateKeyPairSync('ec', { namedCurve })
    const text = bodyOf(`ES${bits}`)
    for (const dsaEncoding of ['ieee-p1363', 'der'] as const) {
      const made = sign(`sha${bits}`, Buffer.from(text), { key, dsaEncoding })
      family[`ES${bits} as ${dsaEncoding}`] = `${text}.${made.toString('base64url')}`
    }
    family[`ES${bits} of zeros`] = `${text}.${Buffer.alloc(64).toString('base64url')}`
  }
  const { privateKey: ed448 } = generateKeyPairSync('ed448')
  const text = bodyOf('EdDSA')
  family['EdDSA with Ed448'] =
    `${text}.${sign(null, Buffer.from(text), ed448).toString('base64url')}`
  return family
}

function badHeaders(mint: Mint): Family {
  const { header, claims } = mint
  const headed = (change: Json) => mint.signed({ ...header, ...change }, claims)
  const own = { kty: 'OKP', crv: 'Ed25519', x: xOf(mint.publicKey) }
  const tiny = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from([1, ...Buffer.alloc(31)]) }
  const family: Family = {
    'no kid': headed({ kid: undefined }),
    'an unknown kid': headed({ kid: 'other' }),
    'a kid that is a number': headed({ kid: 7 }),
    'a kid that is a list': headed({ kid: [header.kid] }),
    'a kid that is a path': headed({ kid: '../../dev/null' }),
    'a kid that is SQL': headed({ kid: "x' or '1'='1" }),
    'a kid of a prototype': headed({ kid: '__proto__' }),
    'a kid without end': headed({ kid: 'k'.repeat(4_000) }),
    'the type of other tokens': headed({ typ: 'JWT' }),
    'its type in capitals': headed({ typ: 'AT+JWT' }),
    'its type in full': headed({ typ: 'application/at+jwt' }),
    'no type': headed({ typ: undefined }),
    'a content type': headed({ cty: 'JWT' }),
    'a nested token': mint.signed({ ...header, cty: 'JWT' }, mint.token),
    'critical extensions': headed({ crit: ['exp'], exp: 1 }),
    'critical extensions, none named': headed({ crit: [] }),
    'critical extensions that are unknown': headed({ crit: ['http://example/UNDEFINED'] }),
    'b64: true': headed({ b64: true, crit: ['b64'] }),
    compression: headed({ zip: 'DEF' }),
    'the real key in itself': headed({ jwk: own }),
  }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const embedded: Record<string, Json> = {
    'jwk: a key of its own': { jwk: publicKey.export({ format: 'jwk' }) },
    'jwk: a key of its own under the known kid': {
      jwk: { ...publicKey.export({ format: 'jwk' }), kid: header.kid },
    },
    'jwk: a key of small order': { jwk: { ...tiny, x: tiny.x.toString('base64url') } },
    'jku: keys from elsewhere': { jku: 'https://evil.example/keys' },
    'x5u: a certificate from elsewhere': { x5u: 'https://evil.example/certificate' },
    'x5c: a certificate of its own': { x5c: ['MIIB'] },
    'a thumbprint': { x5t: 'x', 'x5t#S256': 'x' },
  }
  for (const [name, change] of Object.entries(embedded)) {
    for (const kid of [header.kid, undefined, 'other']) {
      family[`${name}, signed with it, kid ${kid === header.kid ? 'known' : kid}`] = foreignEdDsa(
        mint,
        { ...change, kid },
        privateKey,
      )
    }
    family[`${name}, signed with the real key`] = headed(change)
  }
  return family
}

function badClaims(mint: Mint): Family {
  const { header, claims } = mint
  const now = Math.floor(Date.now() / 1000)
  const altered = (change: Json) => mint.signed(header, { ...claims, ...change })
  const family: Family = {
    'another audience': altered({ aud: 'shop' }),
    'several audiences': altered({ aud: ['stoa', 'shop'] }),
    'another issuer': altered({ iss: 'https://evil.example' }),
    'several issuers': altered({ iss: [claims.iss] }),
    'an issuer with a slash more': altered({ iss: `${claims.iss}/` }),
    'an end in words': altered({ exp: 'tomorrow' }),
    'an end in text': altered({ exp: String(claims.exp) }),
    'an end in fractions': altered({ exp: now + 600.5 }),
    'an end in years': altered({ exp: now + 10 * 365 * 86_400 }),
    'an end beyond numbers': altered({ exp: 1e300 }),
    'an end that is past': altered({ iat: now - 1_000, exp: now - 100 }),
    'an end just now': altered({ iat: now - 900, exp: now }),
    'an end of 0': altered({ exp: 0 }),
    'a negative end': altered({ exp: -1 }),
    'a time before which it does not count': altered({ nbf: now + 60 }),
    'a number as subject': altered({ sub: 7 }),
    'a list as subject': altered({ sub: [claims.sub] }),
    'an empty subject': altered({ sub: '' }),
    'an unknown role': altered({ role: 'root' }),
    'several roles': altered({ role: ['admin'] }),
    'confirmed in words': altered({ confirmed: 'true' }),
  }
  for (const claim of ['iss', 'aud', 'sub', 'sid', 'role', 'confirmed', 'iat', 'exp']) {
    family[`no ${claim}`] = altered({ [claim]: undefined })
    family[`null as ${claim}`] = altered({ [claim]: null })
  }
  return family
}

function foreignEdDsa(
  { header, claims }: Mint,
  change: Json,
  key = generateKeyPairSync('ed25519').privateKey,
): string {
  const text = `${encode({ ...header, ...change })}.${encode(claims)}`
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`
}

function xOf(key: KeyObject): string {
  return String(key.export({ format: 'jwk' }).x)
}

function signatureOf(token: string): Buffer {
  return Buffer.from(token.split('.')[2] ?? '', 'base64url')
}

/** The scalar of a signature: 32 bytes, the lowest first. */
function readScalar(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

function writeScalar(scalar: bigint): Buffer {
  return Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse()
}

/** Another last character for the same bytes. */
function withLooseBits(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(text.at(-1) ?? '')
  return text.slice(0, -1) + alphabet[last + 1]
}

function encode(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return Buffer.from(text).toString('base64url')
}

function decode(segment: string): Json {
  return JSON.parse(Buffer.from(segment, 'base64url').toString())
}
