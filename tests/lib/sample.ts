import * as z from 'zod'

export type JsonSchema = {
  type?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  enum?: unknown[]
  const?: unknown
  format?: string
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
  default?: unknown
  $ref?: string
  $defs?: Record<string, JsonSchema>
}

/** A wrong input, and the field that the refusal must name. */
export type WrongInput = { why: string; field: string; input: Record<string, unknown> }

const uuid = '0198c0de-0000-7000-8000-000000000001'

/** The schema of an operation's input as plain JSON Schema. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', reused: 'inline' }) as JsonSchema
}

/** Something that passes a schema as far as a schema can tell; ids are of nothing that exists. */
export function sampleOf(schema: JsonSchema, name = ''): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  const alternative = schema.anyOf?.[0] ?? schema.oneOf?.[0] ?? schema.allOf?.[0]
  if (alternative) return sampleOf(alternative, name)
  if (schema.type === 'object') {
    const required = Object.entries(schema.properties ?? {}).filter(([key]) =>
      schema.required?.includes(key),
    )
    return Object.fromEntries(required.map(([key, value]) => [key, sampleOf(value, key)]))
  }
  if (schema.type === 'array') {
    return Array.from({ length: schema.minItems ?? 0 }, () => sampleOf(schema.items ?? {}, name))
  }
  if (schema.type === 'integer' || schema.type === 'number') return Math.max(1, schema.minimum ?? 1)
  if (schema.type === 'boolean') return true
  return sampleText(schema, name)
}

function sampleText(schema: JsonSchema, name: string): string {
  if (schema.format === 'email') return 'nobody@example.org'
  if (schema.format === 'date-time') return '2026-01-01T00:00:00.000Z'
  if (schema.format === 'uri') return 'https://example.org/'
  if (schema.format === 'uuid' || /id$/i.test(name)) return uuid
  if (name === 'emoji') return '👍'
  return 'a'.repeat(Math.max(schema.minLength ?? 1, 1))
}

/** Every way in which one field can be wrong: missing, null, of another type, too long, unknown. */
export function wrongInputs(schema: JsonSchema, skip: ReadonlySet<string>): WrongInput[] {
  const sample = sampleOf(schema) as Record<string, unknown>
  const wrong: WrongInput[] = [
    { why: 'unknown property', field: 'surprise', input: { ...sample, surprise: 'x' } },
  ]
  for (const [field, property] of Object.entries(schema.properties ?? {})) {
    if (skip.has(field)) continue
    const { [field]: _, ...without } = sample
    if (schema.required?.includes(field)) wrong.push({ why: 'missing', field, input: without })
    for (const [why, value] of wrongValues(property)) {
      wrong.push({ why, field, input: { ...sample, [field]: value } })
    }
  }
  return wrong
}

function wrongValues(schema: JsonSchema): [string, unknown][] {
  const types = typesOf(schema)
  const values: [string, unknown][] = []
  if (types.size === 0) return values
  if (!types.has('null')) values.push(['null', null])
  if (!types.has('object')) values.push(['an object', { nested: true }])
  if (!types.has('number') && !types.has('integer')) values.push(['a number', 7])
  if (!types.has('string')) values.push(['a text', 'seven'])
  if (schema.maxLength) values.push(['too long', 'a'.repeat(schema.maxLength + 1)])
  if (schema.maximum !== undefined) values.push(['too large', schema.maximum + 1])
  if (schema.maxItems !== undefined) {
    const items = Array.from({ length: schema.maxItems + 1 }, () => sampleOf(schema.items ?? {}))
    values.push(['too many', items])
  }
  return values
}

function typesOf(schema: JsonSchema): Set<string> {
  if (schema.type) return new Set([schema.type])
  if (schema.enum)
    return new Set(schema.enum.map((value) => (value === null ? 'null' : typeof value)))
  if (schema.const !== undefined) return new Set([typeof schema.const])
  const parts = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]
  return new Set(parts.flatMap((part) => [...typesOf(part)]))
}
