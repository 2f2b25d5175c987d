import * as z from 'zod'
import { defineContract } from '../../kit/contract.ts'

/** What the rows of the split shape call and listen to: a body of about 200 bytes. */
export const notes = defineContract({
  service: 'benchnotes',
  summary: 'Notes for measuring',
  operations: {
    echo: {
      summary: 'Answer what was asked',
      access: 'internal',
      input: z.strictObject({ id: z.string(), text: z.string(), at: z.int() }),
      output: z.object({ id: z.string(), text: z.string(), at: z.int() }),
    },
  },
  events: {
    written: {
      summary: 'A note was written',
      schema: z.object({ key: z.string(), n: z.int(), text: z.string(), at: z.number() }),
      key: 'key',
    },
  },
})

/** The service that has the effects of the events. */
export const reader = defineContract({
  service: 'reader',
  summary: 'Notes that were heard of',
  operations: {},
})

export const text = 'x'.repeat(130)
