import { alternate, atLeast, comparedFigure, type Row } from './lib/figure.ts'
import { noteConditions, postNotes, startNotesPeer, startStoaGateway } from './lib/notes.ts'

export const gatewayTax: Row = {
  id: 'P5',
  title: 'Gateway tax: everything the gateway does to a request, over bare Fastify',
  async measure({ trials, seconds }) {
    const results = await alternate(
      trials,
      async () => {
        await using stoa = await startStoaGateway()
        return await postNotes(stoa, seconds)
      },
      async () => {
        await using fastify = await startNotesPeer('fastify')
        return await postNotes(fastify, seconds)
      },
    )
    const conditions = {
      ...noteConditions,
      stoa: 'security headers, CORS, compression, request id, trace, rate limit, token, validation in and out, load shedding',
      reference: 'Fastify parses and serialises JSON, and does nothing else',
    }
    const base = { row: 'P5', trials: results, conditions }
    return [
      comparedFigure({
        ...base,
        name: 'requests',
        unit: '/s',
        stoa: ({ stoa }) => stoa.perSecond,
        reference: { name: 'bare Fastify', value: ({ reference }) => reference.perSecond },
        target: atLeast(0.85),
      }),
      comparedFigure({
        ...base,
        name: 'server CPU per request',
        unit: 'µs',
        stoa: ({ stoa }) => stoa.serverMicrosecondsPerRequest,
        reference: {
          name: 'bare Fastify',
          value: ({ reference }) => reference.serverMicrosecondsPerRequest,
        },
      }),
    ]
  },
}
