import { Failure, type FailureDetail, type FieldError, kitFailure } from '../kit/failure.ts'

/** The one shape of every error, over HTTP and over sockets. */
export type ErrorBody = {
  statusCode: number
  code: string
  message: string
  errors?: readonly FieldError[]
  /** Path of the request, or the name of the socket event. */
  path: string
  timestamp: string
  requestId: string
}

/** Codes that the gateway answers with before or instead of an operation. */
export const gatewayFailures = {
  cross_site: 403,
  method_not_allowed: 405,
  request_timeout: 408,
  idempotency_in_progress: 409,
  outcome_unknown: 409,
  answer_not_kept: 409,
  payload_too_large: 413,
  uri_too_long: 414,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  headers_too_large: 431,
} as const satisfies Record<string, number>

export type GatewayFailure = keyof typeof gatewayFailures

export function gatewayFailure(
  code: GatewayFailure,
  message?: string,
  detail?: FailureDetail,
): Failure {
  return new Failure(code, gatewayFailures[code], message, detail)
}

/** What went wrong, as a caller may know it: whatever is not a failure is ours to hide. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  return kitFailure('internal', undefined, { cause: error })
}

/** Makes the body of an answer that is an error; from 500 on it tells nothing of the cause. */
export function toErrorBody(failure: Failure, path: string, requestId: string): ErrorBody {
  const { code, status, message, errors } = failure
  const hidden = status >= 500
  return {
    statusCode: status,
    code,
    message: hidden ? (status === 503 ? busy : broken) : message,
    ...(errors && !hidden && { errors }),
    path,
    timestamp: new Date().toISOString(),
    requestId,
  }
}

const broken = 'Something went wrong on our side.'
const busy = 'This is not available at the moment; please try again.'

export function notFound(): Failure {
  return kitFailure('not_found', 'There is nothing at this address.')
}

export function addressTooLong(): Failure {
  return gatewayFailure('uri_too_long', 'The address is too long.')
}

export function notJson(): Failure {
  return kitFailure('invalid_input', 'The body is not valid JSON.')
}

export function unsupportedMediaType(): Failure {
  return gatewayFailure('unsupported_media_type', 'Send the body as application/json in UTF-8.')
}

/** Failures of the web server itself, by its own codes. */
const ofTheServer: Readonly<Record<string, () => Failure>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: notJson,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    kitFailure('invalid_input', 'The body is not as long as Content-Length says.'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: unsupportedMediaType,
  FST_ERR_CTP_BODY_TOO_LARGE: () => gatewayFailure('payload_too_large', 'The body is too large.'),
  FST_ERR_BAD_URL: () => kitFailure('invalid_input', 'The address cannot be decoded.'),
  FST_ERR_MAX_PARAM_LENGTH: addressTooLong,
  // Of files: an address that is written in a way in which no file is asked for.
  FST_STATIC_FORBIDDEN_PATH: notFound,
  ECONNRESET: () => kitFailure('invalid_input', 'The body ended too early.'),
}

/** Turns an error that passed through the web server into a failure. */
export function fromServer(error: unknown): Failure {
  if (error instanceof Error && 'code' in error) {
    const known = ofTheServer[String(error.code)]
    if (known) return known()
  }
  return toFailure(error)
}
