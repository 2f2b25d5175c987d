import type { Access, Contract, Tier } from './contract.ts'
import { kitFailures } from './failure.ts'
import { bindingsOf, type HttpBinding } from './http.ts'
import { createSchemaBook, type JsonSchema, type SchemaBook } from './json-schema.ts'

export type OpenApiOptions = {
  title: string
  version: string
  description: string
  /** Before every path, such as `/api/v1`. */
  prefix: string
  /** Requests per window for each tier, as installed by default. */
  tiers: Readonly<Record<Tier, number>>
  windowSeconds: number
  /** Failures that an operation may meet at the door, with their statuses. */
  edgeFailures(binding: HttpBinding): Readonly<Record<string, number>>
}

/** Writes the OpenAPI 3.1 document of everything that contracts offer over HTTP. */
export function createOpenApi(contracts: readonly Contract[], options: OpenApiOptions): JsonSchema {
  const book = createSchemaBook('#/components/schemas/')
  const paths: { [path: string]: { [method: string]: JsonSchema } } = {}
  const responses: { [name: string]: JsonSchema } = { Error: otherError }
  for (const binding of bindingsOf(contracts)) {
    const path = options.prefix + binding.path
    paths[path] ??= {}
    paths[path][binding.method.toLowerCase()] = describe(binding, book, responses, options)
  }
  const described = contracts.filter(({ operations }) =>
    Object.values(operations).some(({ http }) => http),
  )
  return {
    openapi: '3.1.1',
    info: {
      title: options.title,
      version: options.version,
      description: options.description,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: described.map(({ service, summary }) => ({ name: service, description: summary })),
    paths,
    components: {
      schemas: { ...book.components, Error: errorSchema },
      responses,
      parameters: { 'Idempotency-Key': idempotencyKey },
      headers,
      securitySchemes: {
        'JWT-auth': { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      },
    },
  }
}

function describe(
  binding: HttpBinding,
  book: SchemaBook,
  responses: { [name: string]: JsonSchema },
  options: OpenApiOptions,
): JsonSchema {
  const { contract, name, definition, method, pathFields, fromQuery, read } = binding
  const { summary, description, access, tier = 'default', status = 200 } = definition
  const input = fieldsOf(book.input(definition.input), book)
  const properties = (input.properties ?? {}) as { [field: string]: JsonSchema }
  const required = new Set((input.required ?? []) as string[])
  const others = Object.keys(properties).filter((field) => !pathFields.includes(field))
  const parameters = Object.entries(properties)
    .filter(([field]) => fromQuery || pathFields.includes(field))
    .map(([field, schema]) => parameterOf(field, schema, pathFields.includes(field), required))

  return {
    operationId: name,
    summary,
    description: [
      description,
      `${accessText[access]} Rate limit: \`${tier}\`, ${options.tiers[tier]} requests per ${options.windowSeconds} s.`,
    ]
      .filter(Boolean)
      .join('\n\n'),
    tags: [contract.service],
    security: access === 'public' ? [] : [{ 'JWT-auth': [] }],
    parameters: read
      ? parameters
      : [...parameters, { $ref: '#/components/parameters/Idempotency-Key' }],
    ...(!fromQuery && {
      requestBody: {
        required: others.some((field) => required.has(field)),
        content: {
          'application/json': { schema: bodySchema(input, others, required) },
        },
      },
    }),
    responses: {
      [status]: {
        description: status === 201 ? 'Created' : 'Done',
        headers: {
          ...headerReferences,
          ...(read && { ETag: { $ref: '#/components/headers/ETag' } }),
        },
        content: { 'application/json': { schema: book.output(definition.output) } },
      },
      ...(read && method === 'GET' && { 304: { description: 'What the client has is still so' } }),
      ...errorResponses(binding, responses, options),
    },
    'x-access': access,
    'x-rate-limit-tier': tier,
    ...(definition.idempotent && { 'x-idempotent': true }),
  }
}

/** Path and query need the fields one by one, also of a shape that has a name. */
function fieldsOf({ $ref, ...input }: JsonSchema, { components }: SchemaBook): JsonSchema {
  if (typeof $ref !== 'string') return input
  return components[$ref.slice($ref.lastIndexOf('/') + 1)] ?? input
}

const accessText: Readonly<Record<Access, string>> = {
  public: 'Open to everybody.',
  session: 'For whoever is signed in.',
  member: 'For members: signed in, with a confirmed e-mail address.',
  moderator: 'For moderators.',
  admin: 'For admins.',
  internal: 'For other services only.',
}

function parameterOf(
  field: string,
  schema: JsonSchema,
  inPath: boolean,
  required: ReadonlySet<string>,
): JsonSchema {
  const { description, ...rest } = schema
  return {
    name: field,
    in: inPath ? 'path' : 'query',
    required: inPath || required.has(field),
    ...(description !== undefined && { description }),
    schema: rest,
  }
}

function bodySchema(
  input: JsonSchema,
  fields: readonly string[],
  required: ReadonlySet<string>,
): JsonSchema {
  const properties = (input.properties ?? {}) as { [field: string]: JsonSchema }
  if (fields.length === Object.keys(properties).length) return input
  return {
    ...input,
    properties: Object.fromEntries(fields.map((field) => [field, properties[field]])),
    required: fields.filter((field) => required.has(field)),
  }
}

/** One answer per status, naming every code that it may carry; the same ones are written once. */
function errorResponses(
  binding: HttpBinding,
  responses: { [name: string]: JsonSchema },
  options: OpenApiOptions,
): JsonSchema {
  const { access, errors = {} } = binding.definition
  const ofTheKit = Object.entries(kitFailures).filter(([code]) => {
    if (code === 'forbidden') return access === 'moderator' || access === 'admin'
    if (code === 'email_unconfirmed') return access !== 'public' && access !== 'session'
    if (code === 'not_found') return binding.pathFields.length > 0
    return true
  })
  const all = [
    ...ofTheKit,
    ...Object.entries(options.edgeFailures(binding)),
    ...Object.entries(errors),
  ]
  const byStatus = Map.groupBy(all, ([, status]) => status)
  const references = [...byStatus].map(([status, group]) => {
    const codes = [...new Set(group.map(([code]) => code))]
    const name = [status, ...codes].join('-')
    responses[name] ??= errorResponse(status, codes)
    return [status, { $ref: `#/components/responses/${name}` }]
  })
  return { ...Object.fromEntries(references), default: { $ref: '#/components/responses/Error' } }
}

function errorResponse(status: number, codes: readonly string[]): JsonSchema {
  const [code = ''] = codes
  return {
    description: codes.map((each) => `\`${each}\``).join(', '),
    ...(status === 429 || status === 503 ? { headers: retryAfter } : {}),
    content: {
      'application/json': {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Error' },
            { type: 'object', properties: { code: { type: 'string', enum: codes } } },
          ],
        },
        example: {
          statusCode: status,
          code,
          message: 'What went wrong, in a sentence.',
          ...(code === 'invalid_input' && {
            errors: [{ field: 'limit', message: 'Too big: expected number to be <=100' }],
          }),
          path: '/api/v1/…',
          timestamp: '2026-01-31T12:00:00.000Z',
          requestId: '7f6c1a52-7d0c-4b0e-9a51-3f8a1c3d2b10',
        },
      },
    },
  }
}

const retryAfter: JsonSchema = {
  'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' } },
}

const otherError: JsonSchema = {
  description: 'Any other error',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
}

export const errorSchema: JsonSchema = {
  type: 'object',
  description: 'Every error, over HTTP and sockets alike.',
  properties: {
    statusCode: { type: 'integer' },
    code: { type: 'string', description: 'A fact in snake_case; the operation lists its own.' },
    message: { type: 'string' },
    errors: {
      type: 'array',
      description: 'The fields that are wrong.',
      items: {
        type: 'object',
        properties: { field: { type: 'string' }, message: { type: 'string' } },
        required: ['field', 'message'],
      },
    },
    path: { type: 'string' },
    timestamp: { type: 'string', format: 'date-time' },
    requestId: { type: 'string', description: 'Names the request in every log.' },
  },
  required: ['statusCode', 'code', 'message', 'path', 'timestamp', 'requestId'],
}

const headers: JsonSchema = {
  RateLimit: { description: 'What is left: `"default";r=99;t=60`', schema: { type: 'string' } },
  'RateLimit-Policy': {
    description: 'The limit that counted: `"default";q=100;w=60`',
    schema: { type: 'string' },
  },
  'X-Request-Id': { description: 'Names the request in every log', schema: { type: 'string' } },
  ETag: { description: 'For `If-None-Match`', schema: { type: 'string' } },
}

const headerReferences = {
  RateLimit: { $ref: '#/components/headers/RateLimit' },
  'RateLimit-Policy': { $ref: '#/components/headers/RateLimit-Policy' },
  'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' },
}

const idempotencyKey: JsonSchema = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Makes a repetition safe: with the same key and the same content, the operation is done once and its answer is given again for a day.',
  schema: { type: 'string', maxLength: 257 },
}
