import * as z from 'zod'
import { type Contract, isRead, type OperationDefinition, placeholdersOf } from './contract.ts'
import { type FieldError, kitFailure } from './failure.ts'

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Where an operation can be called over HTTP. */
export type HttpBinding = {
  contract: Contract
  name: string
  definition: OperationDefinition
  method: HttpMethod
  /** As the contract writes it, `/posts/{id}`. */
  path: string
  /** Input fields that stand in the path. */
  pathFields: readonly string[]
  /** Whether the other fields come from the query; otherwise from a JSON body. */
  fromQuery: boolean
  /** Whether it only reads. */
  read: boolean
}

/** Lists what contracts offer over HTTP; refuses two operations at one address. */
export function bindingsOf(contracts: readonly Contract[]): HttpBinding[] {
  const taken = new Set<string>()
  return contracts.flatMap((contract) =>
    Object.entries(contract.operations).flatMap(([name, definition]) => {
      if (!definition.http) return []
      const [method = '', path = ''] = definition.http.split(' ')
      const address = `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`
      if (taken.has(address)) throw new Error(`${contract.service}.${name}: ${address} is taken`)
      taken.add(address)
      return {
        contract,
        name,
        definition,
        method: method as HttpMethod,
        path,
        pathFields: placeholdersOf(path),
        fromQuery: method === 'GET' || method === 'DELETE',
        read: isRead(definition),
      }
    }),
  )
}

type Fields = Readonly<Record<string, unknown>>

/** The parts of a request that hold an operation's input, as the web server has parsed them. */
export type RequestParts = { params: Fields; query: Fields; body: unknown }

/**
 * Makes the function that gathers an operation's input from a request. Text of path and query
 * becomes a number or a flag where the field wants one; text that cannot is left as it is, so
 * that validation names the field.
 */
export function createInputReader(binding: HttpBinding): (parts: RequestParts) => Fields {
  const { definition, fromQuery, pathFields } = binding
  let known: ReadonlyMap<string, Kinds> | undefined
  const kindOf = (field: string) => {
    known ??= kindsOfFields(definition.input)
    return known.get(field)
  }

  function addPath(input: Record<string, unknown>, params: Fields): Fields {
    for (const field of pathFields) {
      if (field in input) throw refuse(field, 'This field is given by the path.')
      input[field] = readText(params[field], kindOf(field))
    }
    return input
  }

  if (fromQuery) {
    return ({ params, query }) => {
      const input: Record<string, unknown> = {}
      for (const field in query) {
        if (field in Object.prototype) throw refuse(field, 'There is no such field.')
        input[field] = readText(query[field], kindOf(field))
      }
      return addPath(input, params)
    }
  }
  return ({ params, query, body = {} }) => {
    for (const field in query) throw refuse(field, 'This operation takes nothing from the query.')
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw kitFailure('invalid_input', 'The body must be a JSON object.')
    }
    return pathFields.length === 0 ? (body as Fields) : addPath({ ...body }, params)
  }
}

function refuse(field: string, message: string) {
  const errors: FieldError[] = [{ field, message }]
  return kitFailure('invalid_input', `${field}: ${message}`, { errors })
}

type Kind = 'string' | 'number' | 'boolean' | 'array'
type Kinds = { own: ReadonlySet<Kind>; items: ReadonlySet<Kind> }

function kindsOfFields(input: z.ZodObject): ReadonlyMap<string, Kinds> {
  const root = z.toJSONSchema(input, { io: 'input' }) as Schema
  const fields = Object.entries(root.properties ?? {}).map(([field, schema]) => {
    const own = new Set<Kind>()
    const items = new Set<Kind>()
    collectKinds(schema, root.$defs ?? {}, own, items)
    return [field, { own, items }] as const
  })
  return new Map(fields)
}

type Schema = {
  type?: string | string[]
  $ref?: string
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  $defs?: Record<string, Schema>
}

function collectKinds(
  schema: Schema,
  definitions: Record<string, Schema>,
  own: Set<Kind>,
  items: Set<Kind> | undefined,
): void {
  const named = schema.$ref && definitions[schema.$ref.replace('#/$defs/', '')]
  if (named) collectKinds(named, definitions, own, items)
  for (const part of [schema.anyOf, schema.oneOf, schema.allOf].flat()) {
    if (part) collectKinds(part, definitions, own, items)
  }
  for (const type of [schema.type].flat()) {
    if (type === 'integer' || type === 'number') own.add('number')
    if (type === 'string' || type === 'boolean' || type === 'array') own.add(type)
  }
  if (schema.items && items) collectKinds(schema.items, definitions, items, undefined)
}

const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i

function readText(given: unknown, kinds: Kinds | undefined): unknown {
  if (!kinds) return given
  if (kinds.own.has('array')) return [given].flat().map((text) => readOne(text, kinds.items))
  return readOne(given, kinds.own)
}

function readOne(text: unknown, kinds: ReadonlySet<Kind>): unknown {
  if (typeof text !== 'string' || kinds.has('string')) return text
  if (kinds.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  if (kinds.has('number') && numberPattern.test(text)) return Number(text)
  return text
}
