import { header, type Transport } from '../remote/transport.ts'
import type { Tracing } from './tracing.ts'
import { troubleOf } from './trouble.ts'

/** A broker's driver whose publishing is a span for each record, which its readers follow. */
export function traceTransport(transport: Transport, tracing: Tracing, system: string): Transport {
  return {
    ...transport,
    async publish(messages) {
      const published = messages.map((message) => {
        const { topic, headers } = message
        const work = tracing.open(
          {
            name: `publish ${topic}`,
            kind: 'producer',
            attributes: {
              'messaging.system': system,
              'messaging.operation.name': 'publish',
              'messaging.operation.type': 'send',
              'messaging.destination.name': topic,
              'messaging.message.id': headers[header.eventId] ?? '',
            },
          },
          headers[header.traceparent] ?? '',
        )
        if (!work) return { message, work }
        const traced = { ...headers, [header.traceparent]: work.traceparent }
        return { message: { ...message, headers: traced }, work }
      })
      try {
        await transport.publish(published.map(({ message }) => message))
        for (const { work } of published) work?.end()
      } catch (error) {
        for (const { work } of published) work?.end(troubleOf(error))
        throw error
      }
    },
  }
}
