import { setTimeout as delay } from 'node:timers/promises'
import type { AsyncMessage, Channel } from 'rabbitmq-client'
import type { Logger } from '../log.ts'
import { type KeptChannel, keepChannel, type Link } from './rabbitmq-channel.ts'
import { checkQueue } from './rabbitmq-topology.ts'

type Delivery = { channel: Channel; message: AsyncMessage }

export type QueueReaderOptions = {
  link: Link
  log: Logger
  queue: string
  prefetch: number
  receive(messages: readonly AsyncMessage[]): Promise<void>
}

export type QueueReader = {
  channel: KeptChannel
  /** Ends what is being received; the rest goes back to the queue, in its order. */
  stop(): Promise<void>
}

/**
 * Reads one queue in order: what has arrived is received as one batch, and acknowledged when that
 * has settled; the next batch waits. A batch that fails is received again, for putting it back
 * would let what is behind it overtake.
 */
export function readQueue({
  link,
  log,
  queue,
  prefetch,
  receive,
}: QueueReaderOptions): QueueReader {
  const stopping = new AbortController()
  let waiting: Delivery[] = []
  let working: Promise<void> | undefined

  const channel = keepChannel(link, log, async (fresh) => {
    await checkQueue(fresh, queue)
    await fresh.basicQos({ prefetchCount: prefetch })
    await fresh.basicConsume({ queue }, (message) => {
      waiting.push({ channel: fresh, message })
      working ??= work()
    })
  })

  async function work(): Promise<void> {
    while (waiting.length > 0 && !stopping.signal.aborted) {
      const batch = waiting
      waiting = []
      // What came on a channel that is lost comes again on the next one.
      const alive = batch.filter((delivery) => delivery.channel.active)
      const last = alive.at(-1)
      if (last) await receiveUntilDone(alive, last)
    }
    working = undefined
  }

  async function receiveUntilDone(batch: readonly Delivery[], last: Delivery): Promise<void> {
    const messages = batch.map(({ message }) => message)
    for (let waitMs = 100; last.channel.active; waitMs = Math.min(waitMs * 2, 5_000)) {
      try {
        await receive(messages)
        if (last.channel.active) {
          last.channel.basicAck({ deliveryTag: last.message.deliveryTag, multiple: true })
        }
        return
      } catch (error) {
        log.error({ event: 'rabbitmq.receive', queue, waitMs, err: error })
        if (stopping.signal.aborted) return
        await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined)
        if (stopping.signal.aborted) return
      }
    }
  }

  return {
    channel,
    async stop() {
      stopping.abort()
      await working
      // Closing alone gives back what is left before another process becomes the reader;
      // cancelling first would let that one begin with what is behind.
      await channel.close()
    },
  }
}
