// Part of `npm run check`: what the contracts promise can be kept, told to others, and relied on.
import fs from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import specs from '@asyncapi/specs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv, type AnySchemaObject } from 'ajv'
import * as z from 'zod'
import { createAsyncApiDocument, createOpenApiDocument } from '../gateway/documents.ts'
import { findBreaks } from '../kit/compatibility.ts'
import type { Contract } from '../kit/contract.ts'
import type { JsonSchema } from '../kit/json-schema.ts'
import packageJson from '../package.json' with { type: 'json' }
import { published } from './contracts.ts'

const root = path.resolve(import.meta.dirname, '..')

const flaws = [...published.flatMap(findImpurities), ...findRepeatedNames(published)]
// What is not plain JSON cannot be written down either.
const problems = flaws.length > 0 ? flaws : await findProblemsOfDocuments()
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1

async function findProblemsOfDocuments(): Promise<string[]> {
  const { version } = packageJson
  const openApi = createOpenApiDocument(published, version)
  const asyncApi = createAsyncApiDocument(published, version, new URL('http://localhost'))
  return [
    ...(await validateOpenApi(openApi)),
    ...validateAsyncApi(asyncApi),
    ...findUnannouncedBreaks(openApi),
  ]
}

/** Only plain JSON means the same over HTTP, over a bus and within a process. */
function findImpurities(contract: Contract): string[] {
  const { service, operations, events = {}, signals = {}, entrances = {} } = contract
  const schemas: [string, z.ZodType][] = [
    ...Object.entries(operations).flatMap(([name, { input, output }]): [string, z.ZodType][] => [
      [`${name}: input`, input],
      [`${name}: output`, output],
    ]),
    ...Object.entries({ ...events, ...signals, ...entrances }).map(
      ([name, { schema }]): [string, z.ZodType] => [name, schema],
    ),
  ]
  return schemas.flatMap(([name, schema]) => {
    const where = `${service}.${name}`
    try {
      const [written, read] = [typesOf(schema, 'input'), typesOf(schema, 'output')]
      return [
        ...(isDeepStrictEqual(written, read) ? [] : [`${where} is read otherwise than written`]),
        ...(hasCoercion(schema) ? [`${where} turns values into others`] : []),
      ]
    } catch (error) {
      return [`${where} is not plain JSON: ${error instanceof Error ? error.message : error}`]
    }
  })
}

/** A schema without what a default changes: which fields may be left out. */
function typesOf(schema: z.ZodType, io: 'input' | 'output'): unknown {
  const text = JSON.stringify(z.toJSONSchema(schema, { io }))
  return JSON.parse(text, (key, value) =>
    key === 'required' || (key === 'additionalProperties' && value === false) ? undefined : value,
  )
}

/** Coercion passes through JSON Schema unseen, so the definitions themselves are searched. */
function hasCoercion(value: unknown, seen = new Set<unknown>()): boolean {
  if (typeof value !== 'object' || value === null || seen.has(value)) return false
  seen.add(value)
  if (value instanceof z.ZodType) {
    const { def } = value
    const lazy = def.type === 'lazy' ? (value as z.ZodLazy).unwrap() : undefined
    return 'coerce' in def && def.coerce ? true : hasCoercion({ ...def, lazy }, seen)
  }
  return Object.values(value).some((part) => hasCoercion(part, seen))
}

function findRepeatedNames(contracts: readonly Contract[]): string[] {
  const names = contracts.flatMap(({ operations }) => Object.keys(operations))
  const repeated = names.filter((name, index) => names.indexOf(name) !== index)
  return repeated.map((name) => `The operation name ${name} is used twice`)
}

async function validateOpenApi(document: JsonSchema): Promise<string[]> {
  const { valid, errors } = await new Validator().validate(structuredClone(document))
  return valid ? [] : [`The OpenAPI document is not valid: ${JSON.stringify(errors)}`]
}

function validateAsyncApi(document: JsonSchema): string[] {
  const schema = specs.schemasWithoutId['3.0.0'] as AnySchemaObject
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  if (ajv.validate(schema, document)) return []
  return [`The AsyncAPI document is not valid: ${ajv.errorsText()}`]
}

/** Compares with the document of the last release, unless the changelog says that it breaks. */
function findUnannouncedBreaks(document: JsonSchema): string[] {
  const released = path.join(root, 'docs/openapi.json')
  const changelog = path.join(root, 'CHANGELOG.md')
  if (!fs.existsSync(released)) return []
  const text = fs.existsSync(changelog) ? fs.readFileSync(changelog, 'utf8') : ''
  const [unreleased = ''] = text.split(/^## /m).slice(1)
  if (/breaking/i.test(unreleased)) return []
  return findBreaks(JSON.parse(fs.readFileSync(released, 'utf8')), document).map(
    (problem) => `${problem}: callers break, and the changelog does not say "breaking"`,
  )
}
