import { Redis } from 'ioredis'
import { Gauge } from 'prom-client'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics.ts'

/** Longest time that anybody waits for Redis before going on without it. */
const patienceMs = 50
/** How often Redis is looked for while it is away. */
const lookEveryMs = 1_000
const connectMs = 2_000
/** A connection on which nothing arrives for this long is given up and made anew. */
const silentMs = 10_000

/** Redis as something that may be missing at any time: nobody depends on it. */
export type SharedMemory = {
  /**
   * Asks Redis, and answers with `undefined` when it does not answer in 50 ms. From then on the
   * answer is `undefined` at once, until Redis has been found again in the background.
   */
  ask<T>(question: (redis: Redis) => Promise<T>): Promise<T | undefined>
  /** Adds a command of one key to Redis, made of Lua. */
  define(command: string, lua: string): void
  available(): boolean
  close(): void
}

export type SharedMemoryOptions = { url: string; log: Logger; metrics: Metrics }

/** Connects in the background; whether Redis is there shows in a gauge, and once in the log. */
export function openSharedMemory({ url, log, metrics }: SharedMemoryOptions): SharedMemory {
  const redis = new Redis(url, {
    enableAutoPipelining: true,
    // A command that waits for a connection answers too late to be of use.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // While it loads its data, Redis refuses commands: that says as much as a check would.
    enableReadyCheck: false,
    connectTimeout: connectMs,
    socketTimeout: silentMs,
    retryStrategy: () => lookEveryMs,
  })
  // Every failure shows in the commands; without a listener it would end the process.
  redis.on('error', () => {})
  redis.on('ready', () => void look())

  let available: boolean | undefined
  const gauge = new Gauge({
    name: 'stoa_redis_up',
    help: 'Whether Redis answers; while it does not, each gateway counts rate limits alone',
    registers: [metrics.registry],
  })

  function set(now: boolean, error?: unknown): void {
    if (available === now) return
    if (now) log.info({ event: 'redis.found' })
    else log.warn({ event: 'redis.away', err: error })
    available = now
    gauge.set(now ? 1 : 0)
  }

  async function look(): Promise<void> {
    await inTime(redis.ping()).then(
      () => set(true),
      (error) => set(false, error),
    )
  }

  const looking = setInterval(() => {
    if (!available) void look()
  }, lookEveryMs)
  looking.unref()

  return {
    async ask(question) {
      if (!available) return undefined
      try {
        return await inTime(question(redis))
      } catch (error) {
        set(false, error)
        return undefined
      }
    },
    define: (command, lua) => redis.defineCommand(command, { numberOfKeys: 1, lua }),
    available: () => available === true,
    close() {
      clearInterval(looking)
      redis.disconnect()
    },
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const late = () => reject(new Error(`No answer in ${patienceMs} ms`))
  // After a stall of this process an answer may have come that nobody has read: it is read first.
  const timer = setTimeout(() => setImmediate(late), patienceMs)
  return Promise.race([answer, promise]).finally(() => clearTimeout(timer))
}
