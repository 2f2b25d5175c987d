import { createAsyncApi } from '../kit/asyncapi.ts'
import type { Contract } from '../kit/contract.ts'
import type { HttpBinding } from '../kit/http.ts'
import type { JsonSchema } from '../kit/json-schema.ts'
import { createOpenApi, errorSchema } from '../kit/openapi.ts'
import { gatewayConfig } from './config.ts'
import { type GatewayFailure, gatewayFailures } from './errors.ts'
import { apiPrefix } from './operations.ts'

const about = `A self-hosted community platform.

Errors have one shape everywhere. Lists take \`limit\` and \`cursor\` and answer with \`items\`, \`next\` and
\`previous\`. Sign in, and send the access token as \`Authorization: Bearer\` (or \`X-Access-Token\`).

An \`Idempotency-Key\` makes a repetition safe for a day. Success and the refusals of the operation
itself are given again, with \`Idempotency-Replayed: true\`; what was refused at the door, or failed
on our side, may be tried again. An answer that holds secrets, such as tokens, is never written down:
its repetition is refused with \`answer_not_kept\`, which tells that it was done.`

export function createOpenApiDocument(contracts: readonly Contract[], version: string): JsonSchema {
  const defaults = gatewayConfig.parse({})
  return createOpenApi(contracts, {
    title: 'Stoa',
    version,
    description: about,
    prefix: apiPrefix,
    tiers: {
      default: defaults.RATE_LIMIT_DEFAULT,
      auth: defaults.RATE_LIMIT_AUTH,
      otp: defaults.RATE_LIMIT_OTP,
      upload: defaults.RATE_LIMIT_UPLOAD,
    },
    windowSeconds: defaults.RATE_LIMIT_WINDOW,
    edgeFailures: failuresAtTheDoor,
  })
}

export function createAsyncApiDocument(
  contracts: readonly Contract[],
  version: string,
  publicUrl: URL,
): JsonSchema {
  return createAsyncApi(contracts, {
    title: 'Stoa',
    version,
    description: 'What Stoa sends and receives on its bus and on its sockets.',
    host: publicUrl.host,
    secure: publicUrl.protocol === 'https:',
    errorSchema,
  })
}

function failuresAtTheDoor({ definition, fromQuery, pathFields, read }: HttpBinding) {
  const codes: GatewayFailure[] = [
    'headers_too_large',
    ...(pathFields.length > 0 ? (['uri_too_long'] as const) : []),
    ...(definition.cookie ? (['cross_site'] as const) : []),
    ...(fromQuery ? [] : (['payload_too_large', 'unsupported_media_type'] as const)),
    ...(read
      ? []
      : ([
          'idempotency_in_progress',
          'outcome_unknown',
          'answer_not_kept',
          'idempotency_key_reused',
        ] as const)),
  ]
  return Object.fromEntries(codes.map((code) => [code, gatewayFailures[code]]))
}
