import { randomUUID } from 'node:crypto'
import type { Bus, EventRecord, SignalRecord } from '../bus.ts'
import { createTraceparent } from '../context.ts'
import { kitFailure } from '../failure.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { createCaller } from './caller.ts'
import { createOrigins } from './origins.ts'
import { readForeignRecord, readRecord, readSignal, toMessage, toSignalMessage } from './records.ts'
import { startRelay } from './relay.ts'
import { createServiceTokens } from './tokens.ts'
import type { TopicMessage, Transport } from './transport.ts'
import { createVersions } from './versions.ts'
import { createWorker } from './worker.ts'

const retryMs = 500
/** How long calls that are under way may take when the bus closes. */
const patienceMs = 10_000
/** Records of which a watcher remembers that it has shown them. */
const rememberedRecords = 10_000

export type RemoteBusOptions = {
  transport: Transport
  /** What the product's own processes share, to know each other by; 32 characters at least. */
  serviceKey: string
  /** Topics that others write to: nothing in their records is trusted that no service has signed. */
  entrances?: readonly string[]
  log: Logger
  metrics: Metrics
}

/**
 * The bus between processes, over any broker. While the broker is away, everything that was
 * asked for is tried again until it comes back; meanwhile the bus is not ready, and calls are
 * `unavailable`.
 */
export function createRemoteBus(options: RemoteBusOptions): Bus {
  const { transport, log, metrics } = options
  const entrances = new Set(options.entrances)
  const versionOf = createVersions()
  const tokens = createServiceTokens(options.serviceKey)
  const origins = createOrigins(options.serviceKey)
  const parts = { transport, tokens, versionOf, log, metrics }
  const caller = createCaller(parts)
  const worker = createWorker(parts)
  const relays: { close(): Promise<void> }[] = []
  const signalListeners: ((record: SignalRecord) => void)[] = []
  let unopened = 0
  let draining: Promise<void> | undefined
  let closing: Promise<void> | undefined

  /**
   * Does something until it succeeds. Settles after the first attempt, so that a process can
   * start while its broker is away; `ready` tells when all is done.
   */
  async function establish(name: string, attempt: () => Promise<void>): Promise<void> {
    unopened++
    const first = Promise.withResolvers<void>()
    async function persist(): Promise<void> {
      let failed = false
      while (!draining && !closing) {
        try {
          await attempt()
          if (failed) log.info({ event: 'bus.connected', for: name })
          return
        } catch (error) {
          log[failed ? 'debug' : 'warn']({ event: 'bus.not_connected', for: name, err: error })
          failed = true
          first.resolve()
          await new Promise((resolve) => setTimeout(resolve, retryMs))
        }
      }
    }
    void persist().finally(() => {
      unopened--
      first.resolve()
    })
    await first.promise
  }

  /** One listener's error must not keep the next record from the others. */
  function tell(what: string, listener: () => void): void {
    try {
      listener()
    } catch (error) {
      log.error({ event: 'bus.listener_failed', what, err: error })
    }
  }

  function read(message: TopicMessage): EventRecord {
    const isTrusted = !entrances.has(message.topic) || origins.isGenuine(message)
    return isTrusted ? readRecord(message) : readForeignRecord(message)
  }

  void establish('replies', async () => caller.open(await transport.openReplies(caller.receive)))
  void establish('signals', () =>
    transport.onBroadcast((message) => {
      const record = readSignal(message)
      if (!record) return
      for (const listener of signalListeners) tell(record.signal, () => listener(record))
    }),
  )

  function drain(): Promise<void> {
    draining ??= (async () => {
      await transport.drain()
      const limit = new Promise((resolve) => setTimeout(resolve, patienceMs).unref())
      await Promise.race([worker.settled(), limit])
    })()
    return draining
  }

  async function close(): Promise<void> {
    await drain()
    await Promise.all(relays.map((relay) => relay.close()))
    caller.close()
    await transport.close()
  }

  return {
    serve: (contract, answer) => establish(contract.service, () => worker.serve(contract, answer)),
    call: caller.call,
    async relay(outbox) {
      relays.push(startRelay(outbox, { ...parts, origins, entrances }))
    },
    subscribe: (group, topics, apply) =>
      establish(group, () =>
        transport.subscribe(group, topics, async (messages) => apply(messages.map(read))),
      ),
    async watch(topics, listener, onGap = () => undefined) {
      const isRepeated = createMemory(rememberedRecords)
      let missed = false
      await establish('watch', async () => {
        try {
          await transport.tail(
            topics,
            (message) => {
              const record = read(message)
              if (!isRepeated(record.id)) tell(record.topic, () => listener(record))
            },
            onGap,
          )
        } catch (error) {
          missed = true
          throw error
        }
        // Whoever connected meanwhile has not been told of what passed.
        if (missed) onGap()
      })
    },
    async produce(topic, key, payload) {
      const record: EventRecord = {
        id: randomUUID(),
        service: topic,
        event: topic,
        topic,
        key,
        payload,
        occurredAt: new Date().toISOString(),
        requestId: randomUUID(),
        traceparent: createTraceparent(),
      }
      try {
        await transport.publish([toMessage(record)])
      } catch (error) {
        throw kitFailure('unavailable', `${topic} cannot be written to.`, { cause: error })
      }
    },
    signal(record) {
      transport.broadcast(toSignalMessage(record))
    },
    onSignal: (listener) => void signalListeners.push(listener),
    ready: () => unopened === 0 && !draining && !closing && transport.ready(),
    drain,
    close() {
      closing ??= close()
      return closing
    },
  }
}

/** Remembers the last so many ids; tells whether one has been seen before. */
function createMemory(size: number): (id: string) => boolean {
  const seen = new Set<string>()
  return (id) => {
    if (seen.has(id)) return true
    seen.add(id)
    if (seen.size > size) for (const oldest of seen.values().take(1)) seen.delete(oldest)
    return false
  }
}
