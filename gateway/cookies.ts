import { parseCookie, stringifySetCookie } from 'cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OperationDefinition } from '../kit/contract.ts'
import { gatewayFailure } from './errors.ts'
import type { Origins } from './origins.ts'

/** The longest that browsers keep a cookie; the service decides when the token in it expires. */
const maxAgeSeconds = 400 * 86_400

const localhost = /^localhost(?::\d+)?$/i

export type Cookies = {
  /**
   * Refuses a browser whose page is not one of ours: the cookie goes along with whatever request
   * a page makes, so a stranger's page must not have any effect through it.
   */
  demandOwnPage(request: FastifyRequest): void
  /** Fills the input from the cookie, for a browser, where the caller has not given the field. */
  fill(
    cookie: NonNullable<OperationDefinition['cookie']>,
    request: FastifyRequest,
    input: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>>
  /** Moves the output's secret out of reach of scripts, for a browser. */
  take(
    cookie: NonNullable<OperationDefinition['cookie']>,
    request: FastifyRequest,
    reply: FastifyReply,
    output: Record<string, unknown>,
  ): Record<string, unknown>
}

/** Keeps a browser's refresh token in a cookie that scripts cannot read. */
export function createCookies(publicUrl: URL, origins: Origins): Cookies {
  /** Browsers take `__Host-` over HTTPS, and on localhost. */
  function isSecure({ headers }: FastifyRequest): boolean {
    return publicUrl.protocol === 'https:' || localhost.test(headers.host ?? '')
  }

  function nameFor(request: FastifyRequest): string {
    return isSecure(request) ? '__Host-stoa-refresh' : 'stoa-refresh'
  }

  function write(request: FastifyRequest, reply: FastifyReply, value: string, maxAge: number) {
    const text = stringifySetCookie({
      name: nameFor(request),
      value,
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure: isSecure(request),
      maxAge,
    })
    reply.header('set-cookie', text)
  }

  return {
    demandOwnPage(request) {
      const { origin, 'sec-fetch-site': site } = request.headers
      const allowed =
        origin === undefined ? site !== 'cross-site' : origins.isAllowed(origin, request.raw)
      if (!allowed) throw gatewayFailure('cross_site', 'Pages of other sites may not do this.')
    },

    fill({ read }, request, input) {
      if (!read || input[read] !== undefined) return input
      const { cookie, authorization } = request.headers
      const value =
        isBrowser(request) && cookie !== undefined
          ? parseCookie(cookie)[nameFor(request)]
          : readOpaqueBearer(authorization)
      return value ? { ...input, [read]: value } : input
    },

    take({ write: field, clear }, request, reply, output) {
      if (clear) write(request, reply, '', 0)
      if (!field || !isBrowser(request)) return output
      const { [field]: secret, ...rest } = output
      if (typeof secret === 'string') write(request, reply, secret, maxAgeSeconds)
      return rest
    },
  }
}

/** Browsers send these headers by themselves: a page's scripts can neither forge nor drop them. */
function isBrowser({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
}

/** A bearer token that is no access token: clients without cookies may send a refresh token so. */
function readOpaqueBearer(authorization: string | undefined): string | undefined {
  const [, token] = authorization?.match(/^Bearer ([\w~+/-]+=*)$/i) ?? []
  return token
}
