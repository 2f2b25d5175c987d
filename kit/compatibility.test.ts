import { expect, test } from 'vitest'
import * as z from 'zod'
import { findBreaks } from './compatibility.ts'
import { defineContract, type OperationDefinition } from './contract.ts'
import { createOpenApi } from './openapi.ts'

type Changes = {
  input?: z.ZodObject
  output?: z.ZodObject
  status?: 200 | 201
  http?: OperationDefinition['http']
}

const Note = z.object({ id: z.string(), text: z.string().nullable() })
const before = {
  input: z.strictObject({
    id: z.string(),
    text: z.string().max(20),
    mood: z.enum(['good', 'bad']).optional(),
  }),
  output: z.object({ note: Note, count: z.number() }),
}

function write({
  input = before.input,
  output = before.output,
  status = 200,
  http = 'PATCH /notes/{id}',
}: Changes) {
  const contract = defineContract({
    service: 'notes',
    summary: 'Notes',
    operations: {
      changeNote: { summary: 'Change', http, status, access: 'public', input, output },
    },
  })
  return createOpenApi([contract], {
    title: 'Notes',
    version: '1',
    description: '',
    prefix: '',
    tiers: { default: 1, auth: 1, otp: 1, upload: 1 },
    windowSeconds: 60,
    edgeFailures: () => ({}),
  })
}

const at = 'PATCH /notes/{id}'
const { id, text, mood } = before.input.shape

test.each<[string, Changes, string]>([
  ['an operation is gone', { http: 'PATCH /memos/{id}' }, `${at} is gone`],
  ['the success has another status', { status: 201 }, `${at}: it no longer answers 200`],
  [
    'a field of the input is gone',
    { input: z.strictObject({ id, text }) },
    `${at}: mood is no longer taken`,
  ],
  [
    'a field becomes required',
    { input: z.strictObject({ id, text, mood: mood.unwrap() }) },
    `${at}: mood is now required`,
  ],
  [
    'a new field is required',
    { input: before.input.extend({ by: z.string() }) },
    `${at}: by is now required`,
  ],
  [
    'a field takes another type',
    { input: before.input.extend({ text: z.int() }) },
    `${at}.text: string is no longer taken`,
  ],
  [
    'a field takes less',
    { input: before.input.extend({ text: z.string().max(10) }) },
    `${at}.text: maxLength is narrower`,
  ],
  [
    'a word is no longer taken',
    { input: before.input.extend({ mood: z.enum(['good']).optional() }) },
    `${at}.mood: bad is no longer taken`,
  ],
  [
    'a field of the answer is gone',
    { output: z.object({ note: Note }) },
    `${at}: answer.count is gone`,
  ],
  [
    'a field of the answer may be absent',
    { output: before.output.extend({ count: z.number().optional() }) },
    `${at}: answer.count may now be absent`,
  ],
  [
    'a field within may be of another type',
    { output: before.output.extend({ note: Note.extend({ id: z.string().nullable() }) }) },
    `${at}: answer.note.id may now be null`,
  ],
])('it breaks callers when %s', (_, changes, expected) => {
  expect(findBreaks(write({}), write(changes))).toContain(expected)
})

test.each<[string, Changes]>([
  ['nothing changes', {}],
  [
    'the input takes more',
    { input: before.input.extend({ text: z.string().max(99), by: z.string().optional() }) },
  ],
  ['the answer tells more', { output: before.output.extend({ by: z.string() }) }],
  ['the answer tells it more exactly', { output: before.output.extend({ count: z.int() }) }],
])('it breaks nobody when %s', (_, changes) => {
  expect(findBreaks(write({}), write(changes))).toEqual([])
})
