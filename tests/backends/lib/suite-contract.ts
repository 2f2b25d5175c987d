import * as z from 'zod'
import { defineContract } from '../../../kit/contract.ts'

const Numbered = z.object({ key: z.string(), n: z.int() })

/** The service that the suite of all buses calls and listens to. */
export const things = defineContract({
  service: 'things',
  summary: 'What the tests of the buses need',
  operations: {
    echo: {
      summary: 'Answer what was asked',
      access: 'public',
      http: 'GET /echo',
      input: z.strictObject({ text: z.string() }),
      output: z.object({ text: z.string() }),
    },
    add: {
      summary: 'Add one to a key, as its turn comes',
      access: 'internal',
      key: 'key',
      input: z.strictObject({ key: z.string(), n: z.int() }),
      output: z.object({ n: z.int() }),
    },
    refuse: {
      summary: 'Refuse with fields',
      access: 'internal',
      input: z.strictObject({}),
      output: z.object({}),
      errors: { too_late: 409 },
    },
    fail: {
      summary: 'Fail in a way that nobody declared',
      access: 'internal',
      input: z.strictObject({}),
      output: z.object({}),
    },
    hang: {
      summary: 'Never answer',
      access: 'internal',
      input: z.strictObject({}),
      output: z.object({}),
    },
    describeCall: {
      summary: 'Tell what the callee knows of the call',
      access: 'public',
      http: 'POST /calls',
      input: z.strictObject({}),
      output: z.object({ call: z.looseObject({}) }),
    },
    whoAnswers: {
      summary: 'Tell which instance answers',
      access: 'internal',
      idempotent: true,
      input: z.strictObject({ waitMs: z.int().default(0) }),
      output: z.object({ instance: z.string() }),
    },
  },
  events: {
    happened: { summary: 'Something happened', schema: Numbered, key: 'key' },
    ended: { summary: 'It ended', schema: Numbered, key: 'key', topic: 'ended-thing' },
  },
  signals: { ticked: { summary: 'A tick', schema: z.object({ n: z.int() }), push: [] } },
  entrances: {
    'raw-thing': {
      summary: 'Things of others',
      schema: z.object({ key: z.string(), n: z.int() }),
      key: 'key',
    },
  },
})

/** A service that nobody answers for. */
export const nobody = defineContract({
  service: 'nobody',
  summary: 'A service that does not run',
  operations: {
    ask: {
      summary: 'Ask in vain',
      access: 'internal',
      input: z.strictObject({}),
      output: z.object({}),
    },
  },
})
