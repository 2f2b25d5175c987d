import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { defineContract } from './contract.ts'
import { createOpenApi } from './openapi.ts'

const Tag = z.object({ label: z.string().default('none') }).meta({ id: 'Tag' })
const Note = z
  .object({ id: z.string(), tags: z.array(Tag) })
  .meta({ id: 'Note', description: 'A note' })

const notes = defineContract({
  service: 'notes',
  summary: 'Notes',
  operations: {
    listNotes: {
      summary: 'List notes',
      http: 'GET /people/{personId}/notes',
      access: 'public',
      input: z.strictObject({
        personId: z.string(),
        limit: z.int().min(1).default(20).describe('How many'),
        ids: z.array(z.int()).optional(),
      }),
      output: z.object({ items: z.array(Note) }),
    },
    changeNote: {
      summary: 'Change a note',
      description: 'All of it.',
      http: 'PUT /notes/{id}',
      status: 201,
      access: 'member',
      tier: 'upload',
      input: z.strictObject({ id: z.string(), tags: z.array(Tag), mood: z.string().optional() }),
      output: Note,
      errors: { note_taken: 409, note_locked: 409 },
    },
    purge: {
      summary: 'For services only',
      access: 'internal',
      input: z.strictObject({}),
      output: z.object({}),
    },
  },
})

const document = createOpenApi([notes], {
  title: 'Notes',
  version: '1.2.3',
  description: 'About notes',
  prefix: '/api/v1',
  tiers: { default: 100, auth: 10, otp: 3, upload: 7 },
  windowSeconds: 60,
  edgeFailures: ({ read }): Record<string, number> => (read ? {} : { key_reused: 422 }),
})
// biome-ignore lint/suspicious/noExplicitAny: a document is read at many depths.
const { paths, components, tags } = document as any

test('the document is valid by the judgement of others', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document))

  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
})

test('it holds what can be called over HTTP, and nothing else', () => {
  expect(Object.keys(paths)).toEqual(['/api/v1/people/{personId}/notes', '/api/v1/notes/{id}'])
  expect(tags).toEqual([{ name: 'notes', description: 'Notes' }])
  expect(JSON.stringify(document)).not.toContain('purge')
})

test('fields of path and query are parameters', () => {
  const { parameters, requestBody } = paths['/api/v1/people/{personId}/notes'].get

  expect(parameters).toEqual([
    { name: 'personId', in: 'path', required: true, schema: { type: 'string' } },
    {
      name: 'limit',
      in: 'query',
      required: false,
      description: 'How many',
      schema: { type: 'integer', minimum: 1, maximum: 9007199254740991, default: 20 },
    },
    expect.objectContaining({ name: 'ids', in: 'query', required: false }),
  ])
  expect(requestBody).toBeUndefined()
})

test('the other fields are the body, without those of the path', () => {
  const { parameters, requestBody } = paths['/api/v1/notes/{id}'].put

  expect(
    parameters.map((each: { $ref?: string; name?: string }) => each.$ref ?? each.name),
  ).toEqual(['id', '#/components/parameters/Idempotency-Key'])
  expect(requestBody.required).toBe(true)
  expect(requestBody.content['application/json'].schema).toEqual({
    type: 'object',
    properties: {
      tags: { type: 'array', items: { $ref: '#/components/schemas/TagInput' } },
      mood: { type: 'string' },
    },
    required: ['tags'],
    additionalProperties: false,
  })
})

test('a named shape is written once; one that is written otherwise than read has two names', () => {
  expect(Object.keys(components.schemas).toSorted()).toEqual(['Error', 'Note', 'Tag', 'TagInput'])
  expect(components.schemas.Tag.required).toEqual(['label'])
  expect(components.schemas.TagInput.required).toBeUndefined()
  expect(components.schemas.Note).toEqual({
    type: 'object',
    description: 'A note',
    properties: {
      id: { type: 'string' },
      tags: { type: 'array', items: { $ref: '#/components/schemas/Tag' } },
    },
    required: ['id', 'tags'],
  })
})

test('an operation says who may call it, how often, and how it may fail', () => {
  const { description, security, responses } = paths['/api/v1/notes/{id}'].put
  const codesOf = (status: string) => {
    const name = responses[status].$ref.replace('#/components/responses/', '')
    return components.responses[name].content['application/json'].schema.allOf[1].properties.code
      .enum
  }

  expect(description).toBe(
    'All of it.\n\nFor members: signed in, with a confirmed e-mail address. Rate limit: `upload`, 7 requests per 60 s.',
  )
  expect(security).toEqual([{ 'JWT-auth': [] }])
  expect(Object.keys(responses)).toEqual([
    '201',
    '400',
    '401',
    '403',
    '404',
    '409',
    '422',
    '429',
    '500',
    '503',
    'default',
  ])
  expect(codesOf('409')).toEqual(['note_taken', 'note_locked'])
  expect(codesOf('422')).toEqual(['key_reused'])
  expect(paths['/api/v1/people/{personId}/notes'].get.security).toEqual([])
})

test('an error has an example', () => {
  expect(
    components.responses['400-invalid_input'].content['application/json'].example,
  ).toMatchObject({
    statusCode: 400,
    code: 'invalid_input',
    errors: [{ field: 'limit', message: expect.any(String) }],
    requestId: expect.any(String),
  })
})
