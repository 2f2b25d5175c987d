import type { JsonSchema } from './json-schema.ts'

type Document = JsonSchema & { paths: { [path: string]: { [method: string]: Operation } } }

type Operation = {
  parameters?: JsonSchema[]
  requestBody?: { content: { 'application/json': { schema: JsonSchema } } }
  responses: { [status: string]: JsonSchema }
}

type Schema = {
  type?: string | string[]
  enum?: unknown[]
  properties?: { [name: string]: JsonSchema }
  required?: string[]
  items?: JsonSchema
  anyOf?: JsonSchema[]
} & JsonSchema

/**
 * What breaks for callers who know an earlier OpenAPI document: operations, parameters and fields
 * that are gone, input that must be more or may be less than before, answers that may be other.
 */
export function findBreaks(before: JsonSchema, after: JsonSchema): string[] {
  const [old, current] = [before as Document, after as Document]
  return Object.entries(old.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const where = `${method.toUpperCase()} ${path}`
      const now = current.paths[path]?.[method]
      if (!now) return [`${where} is gone`]
      return [
        ...compareInput(inputOf(operation, old), inputOf(now, current), where, [old, current]),
        ...compareAnswers(operation, now, where, [old, current]),
      ]
    }),
  )
}

type Pair = readonly [old: Document, now: Document]

/** Parameters and body as one object: whether a field moves between them is seen by its path. */
function inputOf({ parameters = [], requestBody }: Operation, document: Document): Schema {
  const body = requestBody
    ? resolve(requestBody.content['application/json'].schema, document)
    : ({} as Schema)
  const named = parameters.map((parameter) => resolve(parameter, document))
  const fields = named.map(({ name, schema }) => [String(name), schema as JsonSchema])
  return {
    type: 'object',
    properties: { ...body.properties, ...Object.fromEntries(fields) },
    required: [
      ...(body.required ?? []),
      ...named.filter(({ required }) => required).map(({ name }) => String(name)),
    ],
  }
}

function compareAnswers(old: Operation, now: Operation, where: string, documents: Pair): string[] {
  return Object.entries(old.responses).flatMap(([status, answer]) => {
    if (!status.startsWith('2')) return []
    const other = now.responses[status]
    if (!other) return [`${where}: it no longer answers ${status}`]
    return compareOutput(
      schemaOf(answer),
      schemaOf(other),
      `${where}: answer`,
      documents,
      new Set(),
    )
  })
}

function schemaOf(response: JsonSchema): JsonSchema {
  const { content } = response as { content?: { [type: string]: { schema: JsonSchema } } }
  return content?.['application/json']?.schema ?? {}
}

function compareInput(
  oldSchema: JsonSchema,
  nowSchema: JsonSchema,
  where: string,
  documents: Pair,
  seen = new Set<string>(),
): string[] {
  const [old, now] = [resolve(oldSchema, documents[0]), resolve(nowSchema, documents[1])]
  if (isKnown(oldSchema, seen)) return []
  const lost = [...kindsOf(old, documents[0])].filter((kind) => !accepts(now, kind, documents[1]))
  const breaks = lost.map((kind) => `${where}: ${kind} is no longer taken`)
  for (const value of old.enum ?? []) {
    if (now.enum && !now.enum.includes(value)) breaks.push(`${where}: ${value} is no longer taken`)
  }
  for (const [bound, isNarrower] of bounds) {
    const [was, is] = [old[bound], now[bound]]
    if (typeof is === 'number' && (typeof was !== 'number' || isNarrower(was, is))) {
      if (old.type !== undefined) breaks.push(`${where}: ${bound} is narrower`)
    }
  }
  for (const field of now.required ?? []) {
    if (!old.required?.includes(field)) breaks.push(`${where}: ${field} is now required`)
  }
  for (const [field, schema] of Object.entries(old.properties ?? {})) {
    const other = now.properties?.[field]
    if (!other) breaks.push(`${where}: ${field} is no longer taken`)
    else breaks.push(...compareInput(schema, other, `${where}.${field}`, documents, seen))
  }
  if (old.items && now.items) {
    breaks.push(...compareInput(old.items, now.items, `${where}[]`, documents, seen))
  }
  return breaks
}

function compareOutput(
  oldSchema: JsonSchema,
  nowSchema: JsonSchema,
  where: string,
  documents: Pair,
  seen: Set<string>,
): string[] {
  const [old, now] = [resolve(oldSchema, documents[0]), resolve(nowSchema, documents[1])]
  if (isKnown(oldSchema, seen)) return []
  const added = [...kindsOf(now, documents[1])].filter((kind) => !accepts(old, kind, documents[0]))
  const breaks = added.map((kind) => `${where} may now be ${kind}`)
  for (const [field, schema] of Object.entries(old.properties ?? {})) {
    const other = now.properties?.[field]
    if (!other) {
      breaks.push(`${where}.${field} is gone`)
      continue
    }
    if (old.required?.includes(field) && !now.required?.includes(field)) {
      breaks.push(`${where}.${field} may now be absent`)
    }
    breaks.push(...compareOutput(schema, other, `${where}.${field}`, documents, seen))
  }
  if (old.items && now.items) {
    breaks.push(...compareOutput(old.items, now.items, `${where}[]`, documents, seen))
  }
  return breaks
}

const bounds: readonly [string, (was: number, is: number) => boolean][] = [
  ['maxLength', (was, is) => is < was],
  ['maximum', (was, is) => is < was],
  ['maxItems', (was, is) => is < was],
  ['minLength', (was, is) => is > was],
  ['minimum', (was, is) => is > was],
  ['minItems', (was, is) => is > was],
]

function kindsOf(schema: Schema, document: Document): Set<string> {
  const parts = (schema.anyOf ?? []).map((part) => resolve(part, document))
  const own = [schema.type ?? []].flat()
  return new Set([...own, ...parts.flatMap((part) => [...kindsOf(part, document)])])
}

function accepts(schema: Schema, kind: string, document: Document): boolean {
  const kinds = kindsOf(schema, document)
  return kinds.size === 0 || kinds.has(kind) || (kind === 'integer' && kinds.has('number'))
}

/** Whether this very shape has been compared, so that shapes within themselves come to an end. */
function isKnown({ $ref }: JsonSchema, seen: Set<string>): boolean {
  if (typeof $ref !== 'string') return false
  if (seen.has($ref)) return true
  seen.add($ref)
  return false
}

function resolve(schema: JsonSchema, document: Document): Schema {
  if (typeof schema.$ref !== 'string') return schema as Schema
  let found: unknown = document
  for (const key of schema.$ref.slice(2).split('/')) found = (found as JsonSchema)[key]
  return resolve(found as JsonSchema, document)
}
