import { alternate, atMost, comparedFigure, type Row } from './lib/figure.ts'
import { noteConditions, postNotes, startNotesPeer, startStoaGateway } from './lib/notes.ts'

export const againstNest: Row = {
  id: 'P6',
  title: 'The same endpoint in NestJS on Fastify with the same checks',
  async measure({ trials, seconds }) {
    const results = await alternate(
      trials,
      async () => {
        await using stoa = await startStoaGateway()
        return await postNotes(stoa, seconds)
      },
      async () => {
        await using nest = await startNotesPeer('nest')
        return await postNotes(nest, seconds)
      },
    )
    const conditions = {
      ...noteConditions,
      reference:
        'NestJS: helmet, CORS, compress, request id, throttler, guard with the same token check and cache, the same schemas by its own pipe and interceptor',
    }
    const base = { row: 'P6', trials: results, conditions }
    return [
      comparedFigure({
        ...base,
        name: 'server CPU per request',
        unit: 'µs',
        stoa: ({ stoa }) => stoa.serverMicrosecondsPerRequest,
        reference: {
          name: 'NestJS on Fastify',
          value: ({ reference }) => reference.serverMicrosecondsPerRequest,
        },
        target: atMost(0.667),
      }),
      comparedFigure({
        ...base,
        name: 'requests',
        unit: '/s',
        stoa: ({ stoa }) => stoa.perSecond,
        reference: { name: 'NestJS on Fastify', value: ({ reference }) => reference.perSecond },
      }),
    ]
  },
}
