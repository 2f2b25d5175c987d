import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'

export type JsonSchema = { [key: string]: unknown }

type Definitions = { [name: string]: JsonSchema }

/** The schemas of one document: each named shape once, the rest where they are used. */
export type SchemaBook = {
  /** A schema as callers write it: fields with a default may be left out. */
  input(schema: z.ZodType): JsonSchema
  /** A schema as answers and events hold it: a later version may add fields. */
  output(schema: z.ZodType): JsonSchema
  components: Definitions
}

/** `prefix` is where the document keeps named shapes, such as `#/components/schemas/`. */
export function createSchemaBook(prefix: string): SchemaBook {
  const components: Definitions = {}

  function add({ root, definitions }: Converted, nameOf: (name: string) => string): JsonSchema {
    const rename = (value: unknown): unknown =>
      mapObjects(value, (object) => {
        const [, name] = String(object.$ref ?? '').match(/^#\/\$defs\/(.+)$/) ?? []
        return name ? { ...object, $ref: prefix + nameOf(name) } : object
      })
    for (const [name, definition] of Object.entries(definitions)) {
      const given = rename(definition) as JsonSchema
      const known = components[nameOf(name)]
      if (known && !isDeepStrictEqual(known, given)) {
        throw new Error(`Two different shapes are called ${name}`)
      }
      components[nameOf(name)] = given
    }
    return rename(root) as JsonSchema
  }

  return {
    output: (schema) => add(convert(schema, 'output'), (name) => name),
    input(schema) {
      const written = convert(schema, 'input')
      const read = convert(schema, 'output')
      const differs = (name: string) => isDifferent(name, written.definitions, read.definitions)
      return add(written, (name) => (differs(name) ? `${name}Input` : name))
    },
    components,
  }
}

type Converted = { root: JsonSchema; definitions: Definitions }

function convert(schema: z.ZodType, io: 'input' | 'output'): Converted {
  const { $schema, $defs = {}, ...root } = z.toJSONSchema(schema, { io }) as JsonSchema
  const { root: open, definitions } = { root, definitions: $defs as Definitions }
  if (io === 'input') return { root, definitions }
  return mapObjects({ root: open, definitions }, withoutClosing) as Converted
}

function withoutClosing(object: JsonSchema): JsonSchema {
  const { additionalProperties, ...rest } = object
  return additionalProperties === false ? rest : object
}

/** Whether a shape, or one that it is made of, is written otherwise than it is read. */
function isDifferent(
  name: string,
  written: Definitions,
  read: Definitions,
  seen = new Set<string>(),
): boolean {
  if (seen.has(name)) return false
  seen.add(name)
  if (!isDeepStrictEqual(written[name], read[name])) return true
  return referencesIn(written[name]).some((part) => isDifferent(part, written, read, seen))
}

function referencesIn(schema: unknown): string[] {
  const names: string[] = []
  mapObjects(schema, (object) => {
    if (typeof object.$ref === 'string') names.push(object.$ref.replace('#/$defs/', ''))
    return object
  })
  return names
}

/** Copies JSON, passing each object through a function from the inside out. */
function mapObjects(value: unknown, change: (object: JsonSchema) => JsonSchema): unknown {
  if (Array.isArray(value)) return value.map((item) => mapObjects(item, change))
  if (typeof value !== 'object' || value === null) return value
  const parts = Object.entries(value).map(([key, part]) => [key, mapObjects(part, change)])
  return change(Object.fromEntries(parts))
}
