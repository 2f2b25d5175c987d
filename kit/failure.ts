/**
 * Why an operation was refused: the one class that services throw and clients catch.
 * The code is declared in the contract; the status follows from it.
 */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: string
  readonly status: number
  readonly errors: readonly FieldError[] | undefined
  /** Seconds after which a retry makes sense; becomes `Retry-After`. */
  readonly retryAfter: number | undefined

  constructor(code: string, status: number, message?: string, detail: FailureDetail = {}) {
    super(message ?? toSentence(code), detail.cause === undefined ? {} : { cause: detail.cause })
    this.code = code
    this.status = status
    this.errors = detail.errors
    this.retryAfter = detail.retryAfter
  }
}

export type FieldError = { field: string; message: string }

export type FailureDetail = {
  errors?: readonly FieldError[] | undefined
  retryAfter?: number | undefined
  cause?: unknown
}

/** Codes any operation may answer with; a contract need not declare them. */
export const kitFailures = {
  invalid_input: 400,
  unauthenticated: 401,
  forbidden: 403,
  email_unconfirmed: 403,
  not_found: 404,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
} as const satisfies Record<string, number>

export type KitFailure = keyof typeof kitFailures

/** Makes one of the failures that belong to no contract. */
export function kitFailure(code: KitFailure, message?: string, detail?: FailureDetail): Failure {
  return new Failure(code, kitFailures[code], message, detail)
}

/** What a failure looks like between processes: the wire form of `Failure`. */
export type FailureBody = {
  code: string
  status: number
  message: string
  errors?: readonly FieldError[]
  retryAfter?: number
}

export function toFailureBody(failure: Failure): FailureBody {
  const { code, status, message, errors, retryAfter } = failure
  return {
    code,
    status,
    message,
    ...(errors && { errors }),
    ...(retryAfter !== undefined && { retryAfter }),
  }
}

export function readFailureBody(body: FailureBody): Failure {
  return new Failure(body.code, body.status, body.message, body)
}

function toSentence(code: string): string {
  const words = code.replaceAll('_', ' ')
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}
