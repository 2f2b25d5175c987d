import type { Bus } from '../bus.ts'
import type { Contract } from '../contract.ts'
import type { SpanDescription, Tracing } from './tracing.ts'

/**
 * A bus whose calls and deliveries are spans. Between processes a call is two of them, for who
 * calls and for who answers; in one process it is a function call, and one is enough.
 */
export function traceBus(bus: Bus, tracing: Tracing, system: string | undefined): Bus {
  return {
    ...bus,
    serve: (contract, answer) =>
      bus.serve(contract, (operation, input, context) =>
        tracing.follow(
          describeCall(contract, operation, system ? 'server' : 'internal'),
          context.traceparent,
          (traceparent) => answer(operation, input, { ...context, traceparent }),
        ),
      ),
    call: system
      ? (contract, operation, input, context) =>
          tracing.follow(
            describeCall(contract, operation, 'client'),
            context.traceparent,
            (traceparent) => bus.call(contract, operation, input, { ...context, traceparent }),
          )
      : bus.call,
    relay: (outbox) =>
      bus.relay({
        ...outbox,
        // Who reads an outbox does it for many, not for the one whose commit woke it.
        onAppend: (listener) => outbox.onAppend(() => tracing.within(undefined, listener)),
      }),
    subscribe: (group, topics, apply) =>
      bus.subscribe(group, topics, async (records) => {
        // Handed over in their order, in one turn: whoever applies them keeps that of each key.
        await Promise.all(
          records.map((record) =>
            tracing.follow(
              {
                name: `process ${record.topic}`,
                kind: 'consumer',
                attributes: {
                  'messaging.system': system ?? 'in_process',
                  'messaging.operation.name': 'process',
                  'messaging.operation.type': 'process',
                  'messaging.destination.name': record.topic,
                  'messaging.consumer.group.name': group,
                  'messaging.message.id': record.id,
                },
              },
              record.traceparent,
              (traceparent) => apply([{ ...record, traceparent }]),
            ),
          ),
        )
      }),
  }
}

function describeCall(
  { service }: Contract,
  operation: string,
  kind: SpanDescription['kind'],
): SpanDescription {
  const attributes = { 'rpc.service': service, 'rpc.method': operation }
  return { name: `${service}.${operation}`, kind, attributes }
}
