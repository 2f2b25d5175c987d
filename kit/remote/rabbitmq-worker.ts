import { setImmediate as turn } from 'node:timers/promises'
import type { AsyncMessage, Channel } from 'rabbitmq-client'
import type { Logger } from '../log.ts'
import { type KeptChannel, keepChannel, type Link } from './rabbitmq-channel.ts'

/** A service without a worker for longer than this does not exist: requests fail at once. */
const forgottenAfterMs = 15_000

export type WorkerOptions = {
  link: Link
  log: Logger
  queue: string
  prefetch: number
  receive(message: AsyncMessage): void
}

export type Worker = {
  channel: KeptChannel
  /** Takes no more; what had been sent on its way is still received. */
  stop(): Promise<void>
}

/**
 * Shares a queue of requests with other workers. A request is acknowledged before it is received,
 * so that it is never answered twice; the limit on what is not acknowledged keeps a worker that
 * stands still from hoarding.
 */
export function serveQueue({ link, log, queue, prefetch, receive }: WorkerOptions): Worker {
  let consumer: { channel: Channel; consumerTag: string } | undefined

  const channel = keepChannel(link, log, async (fresh) => {
    await fresh.queueDeclare({
      queue,
      durable: true,
      arguments: { 'x-expires': forgottenAfterMs },
    })
    await fresh.basicQos({ prefetchCount: prefetch })
    const { consumerTag } = await fresh.basicConsume({ queue }, (message) => {
      if (!fresh.active) return
      fresh.basicAck({ deliveryTag: message.deliveryTag })
      // Another worker had it when its connection broke, and may have done what it asks for.
      if (message.redelivered) log.warn({ event: 'rabbitmq.request_dropped', queue })
      else receive(message)
    })
    consumer = { channel: fresh, consumerTag }
  })

  return {
    channel,
    async stop() {
      if (consumer?.channel.active) {
        await consumer.channel.basicCancel(consumer.consumerTag).catch(() => undefined)
        // What came before the broker's last word is received in the same turn.
        await turn()
      }
      await channel.close()
    },
  }
}
