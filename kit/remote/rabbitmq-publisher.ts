import { setImmediate as turn } from 'node:timers/promises'
import type { Channel, Envelope } from 'rabbitmq-client'
import type { Logger } from '../log.ts'
import { type KeptChannel, keepChannel, type Link, within } from './rabbitmq-channel.ts'

const settlesWithinMs = 3_000

/** Publishes on one channel, in order, and knows what became of it. */
export type Publisher = {
  channel: KeptChannel
  /**
   * Settles when the broker has it; rejects when it cannot take it now, or when it is `mandatory`
   * and there is no queue for it.
   */
  publish(envelope: Envelope, body: Buffer): Promise<void>
  close(): Promise<void>
}

/** `setUp` runs on each new channel before anything is published on it. */
export function createPublisher(
  link: Link,
  log: Logger,
  setUp: (channel: Channel) => Promise<void>,
): Publisher {
  /** Ids of what came back because no queue wanted it. */
  const returned = new Set<string>()
  const underWay = new Set<Promise<void>>()
  const origin = crypto.randomUUID()
  let published = 0

  const channel = keepChannel(link, log, async (fresh) => {
    returned.clear()
    fresh.on('basic.return', ({ messageId }) => returned.add(messageId ?? ''))
    await fresh.confirmSelect()
    await setUp(fresh)
  })

  async function send(current: Channel, envelope: Envelope, body: Buffer): Promise<void> {
    const messageId = `${origin}-${published++}`
    await current.basicPublish({ ...envelope, messageId }, body)
    if (!envelope.mandatory) return
    // What is returned is heard of just before it is confirmed, but told one turn later.
    await turn()
    if (returned.delete(messageId)) {
      throw new Error(`RabbitMQ has no queue for "${envelope.routingKey}"`)
    }
  }

  return {
    channel,
    async publish(envelope, body) {
      const current = openChannel(link, channel)
      const sending = send(current, envelope, body)
      underWay.add(sending)
      try {
        await sending
      } finally {
        underWay.delete(sending)
      }
    },
    async close() {
      await within(settlesWithinMs, Promise.allSettled(underWay))
      await channel.close()
    },
  }
}

/** The channel, or an error that says why nothing can be sent now. */
export function openChannel(link: Link, channel: KeptChannel): Channel {
  const current = channel.current()
  if (!current) throw channel.failure()
  if (!link.ready()) throw new Error('RabbitMQ takes nothing now: it is short of memory or disk')
  return current
}
