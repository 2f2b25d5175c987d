import * as z from 'zod'

/** What a token must be, besides being signed. */
export type JwtForm<Claims> = {
  /** `typ` of its header: a token for one purpose is none for another. */
  typ: string
  claims: z.ZodType<Claims>
  longestLifeMs: number
}

/**
 * Reads a token signed with EdDSA, or answers with nothing when it is not written exactly as we
 * write ours; whether it is signed, and by whom, is for the caller to verify. Libraries are
 * lenient where readers differ: loose bits, names that appear twice, headers that ask for more.
 */
export function readJwt<Claims extends { iat: number; exp: number }>(
  token: string,
  form: JwtForm<Claims>,
): { kid: string; claims: Claims } | undefined {
  const [header, payload, signature, ...rest] = token.split('.')
  if (!isCanonical(signature) || rest.length > 0) return undefined
  const { data: named } = Header.safeParse(readSegment(header))
  const { data: claims } = form.claims.safeParse(readSegment(payload))
  if (!named || !claims || named.typ !== form.typ) return undefined
  if ((claims.exp - claims.iat) * 1000 > form.longestLifeMs) return undefined
  return { kid: named.kid, claims }
}

const Header = z.strictObject({
  alg: z.literal('EdDSA'),
  typ: z.string(),
  kid: z.string().min(1).max(128),
})

/**
 * Reads a segment that says everything once and in the one way in which our own tokens are
 * written: a name that appears twice means different things to different readers.
 */
function readSegment(segment: string | undefined): unknown {
  if (!isCanonical(segment)) return undefined
  const text = Buffer.from(segment, 'base64url').toString()
  try {
    const value: unknown = JSON.parse(text)
    return JSON.stringify(value) === text ? value : undefined
  } catch {
    return undefined
  }
}

function isCanonical(segment: string | undefined): segment is string {
  if (!segment) return false
  return Buffer.from(segment, 'base64url').toString('base64url') === segment
}
