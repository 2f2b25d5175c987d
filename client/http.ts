import { Failure, type FieldError, kitFailure } from '../kit/failure.ts'

export type HttpRequest = {
  method: string
  path: string
  /** Fields for the query, or else for a JSON body. */
  fields: Readonly<Record<string, unknown>>
  token?: string | undefined
  idempotencyKey?: string | undefined
  signal: AbortSignal
}

export type Http = (request: HttpRequest) => Promise<unknown>

type ErrorBody = {
  statusCode: number
  code: string
  message: string
  errors?: readonly FieldError[]
  requestId: string
}

/** Sends one request; whatever goes wrong is a `Failure`. */
export function createHttp(url: string, fetchAnswer: typeof fetch): Http {
  const base = `${url.replace(/\/$/, '')}/api/v1`
  return async ({ method, path, fields, token, idempotencyKey, signal }) => {
    const inQuery = method === 'GET' || method === 'DELETE'
    const query = inQuery ? toQuery(fields) : ''
    let answer: Response
    let text: string
    try {
      answer = await fetchAnswer(`${base}${path}${query}`, {
        method,
        // The refresh token travels as a cookie where there are cookies.
        credentials: 'include',
        signal,
        headers: {
          accept: 'application/json',
          ...(!inQuery && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
        },
        ...(!inQuery && { body: JSON.stringify(fields) }),
      })
      text = await answer.text()
    } catch (cause) {
      throw kitFailure('unavailable', 'The server cannot be reached.', { cause })
    }
    const body = readJson(text)
    if (answer.ok && body !== undefined) return body
    const retryAfter = Number(answer.headers.get('retry-after') ?? Number.NaN)
    throw toFailure(body, answer.status, Number.isFinite(retryAfter) ? retryAfter : undefined)
  }
}

function toQuery(fields: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) query.append(name, String(one))
    }
  }
  const text = query.toString()
  return text && `?${text}`
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether an answer is the body of an error: over sockets nothing else tells them apart. */
export function isErrorBody(body: unknown): body is ErrorBody {
  if (typeof body !== 'object' || body === null) return false
  const { statusCode, code, requestId } = body as Partial<ErrorBody>
  return typeof statusCode === 'number' && typeof code === 'string' && typeof requestId === 'string'
}

/** Makes the failure that an error body tells of; what else answers is not our server. */
export function toFailure(body: unknown, status = 502, retryAfter?: number): Failure {
  if (!isErrorBody(body)) {
    return new Failure('unavailable', status < 400 ? 502 : status, 'The server cannot be reached.')
  }
  const { code, statusCode, message, errors } = body
  return new Failure(code, statusCode, message, { errors, retryAfter, cause: body })
}
