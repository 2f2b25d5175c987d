import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type Channel, Connection } from 'rabbitmq-client'
import type { Logger } from '../log.ts'
import { unreachable } from './rabbitmq-topology.ts'

const closesWithinMs = 3_000

/** A connection that comes back by itself. */
export type Link = {
  /** Opens a channel; rejects at once while the broker is away. */
  acquire(): Promise<Channel>
  /** Waits so long, or while the broker is away for it to come back. */
  pause(ms: number, signal: AbortSignal): Promise<void>
  /** Whether it is there and the broker, short of memory or disk, has not told it to wait. */
  ready(): boolean
  close(): Promise<void>
}

export function openLink(url: string, name: string, log: Logger): Link {
  const connection = new Connection({
    url,
    connectionName: name,
    acquireTimeout: 10_000,
    // Whoever is gone without a word is taken for dead after two of these, in seconds.
    heartbeat: 10,
    retryLow: 100,
    retryHigh: 2_000,
    frameMax: 131_072,
    noDelay: true,
  })
  let connected = false
  let lost: Error | undefined
  connection.on('error', (error) => {
    connected = false
    lost = error
    log.warn({ event: 'rabbitmq.lost', name, err: error })
  })
  connection.on('connection', () => {
    connected = true
    lost = undefined
    log.info({ event: 'rabbitmq.connected', name })
  })
  connection.on('connection.blocked', (reason) =>
    log.error({ event: 'rabbitmq.blocked', name, reason }),
  )
  connection.on('connection.unblocked', () => log.info({ event: 'rabbitmq.unblocked', name }))
  return {
    async acquire() {
      if (lost) throw unreachable(lost)
      try {
        // Rejects when the attempt that is under way fails.
        if (!connected) await once(connection, 'connection')
        return await connection.acquire({ emitErrorsFromChannel: true })
      } catch (error) {
        throw unreachable(error as Error)
      }
    },
    async pause(ms, signal) {
      const ended = lost ? once(connection, 'connection', { signal }) : delay(ms, null, { signal })
      await ended.catch(() => undefined)
    },
    ready: () => connection.ready,
    async close() {
      await within(closesWithinMs, connection.close())
      connection.unsafeDestroy()
    },
  }
}

/** A channel that is opened and set up again whenever it is lost. */
export type KeptChannel = {
  /** Settles with the first attempt; after a failed one it goes on trying, until it is closed. */
  opened: Promise<void>
  /** The channel, while there is one. */
  current(): Channel | undefined
  /** Why there is none. */
  failure(): Error
  close(): Promise<void>
}

/**
 * Keeps a channel open. `setUp` declares and consumes; it may be called any number of times, with
 * a fresh channel each.
 */
export function keepChannel(
  link: Link,
  log: Logger,
  setUp: (channel: Channel) => Promise<void>,
): KeptChannel {
  const closing = new AbortController()
  const { promise: opened, resolve, reject } = Promise.withResolvers<void>()
  opened.catch(() => undefined)
  let current: Channel | undefined
  let failure = new Error('RabbitMQ is not connected yet')

  async function open(): Promise<Channel> {
    const channel = await link.acquire()
    channel.on('error', (error) => {
      failure = error
    })
    // A consumer that the broker ends, as when its queue moves, begins anew with its channel.
    channel.on('basic.cancel', () => void channel.close())
    try {
      await setUp(channel)
      closing.signal.throwIfAborted()
      if (!channel.active) throw failure
      return channel
    } catch (error) {
      await channel.close()
      throw error
    }
  }

  async function keep(): Promise<void> {
    let waitMs = 50
    while (!closing.signal.aborted) {
      try {
        const channel = await open()
        waitMs = 50
        current = channel
        resolve()
        await once(channel, 'close', { signal: closing.signal })
        failure = new Error('RabbitMQ closed the channel')
      } catch (error) {
        if (closing.signal.aborted) break
        failure = error as Error
        reject(failure)
        log.warn({ event: 'rabbitmq.channel', waitMs, err: failure })
        await link.pause(waitMs, closing.signal)
        waitMs = Math.min(waitMs * 2, 5_000)
      } finally {
        if (!closing.signal.aborted) current = undefined
      }
    }
  }

  void keep()
  return {
    opened,
    current: () => (current?.active ? current : undefined),
    failure: () => failure,
    async close() {
      closing.abort()
      reject(new Error('RabbitMQ: the channel was closed'))
      if (current) await within(closesWithinMs, current.close())
    },
  }
}

/** Waits for something to settle, but not for ever. */
export async function within(ms: number, settling: Promise<unknown>): Promise<void> {
  const enough = new AbortController()
  await Promise.race([
    settling.catch(() => undefined),
    delay(ms, undefined, { signal: enough.signal }).catch(() => undefined),
  ])
  enough.abort()
}
