import { type BaseOptions, Consumer, type FetchOptions, findErrorBy } from '@platformatic/kafka'
import type { Logger } from '../log.ts'

type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>
type FetchRequestTopic = FetchOptions<Buffer, Buffer, Buffer, Buffer>['topics'][number]

const maxWaitTime = 5_000
const maxBytes = 8_000_000
const partitionMaxBytes = 1_000_000
const firstPauseMs = 50
const longestPauseMs = 1_000

export type Position = { topic: string; partition: number; offset: bigint }

/** A record as it lies on the broker. */
export type KafkaRecord = Position & {
  key: string | undefined
  headers: Record<string, string>
  value: string
}

export type ReaderOptions = {
  connection: BaseOptions
  log: Logger
  /** Where to begin: every partition that is to be read. */
  positions: readonly Position[]
  /**
   * Takes records, in order per partition, and where each partition then stands. While it has
   * not settled, no more are handed over.
   */
  receive: (records: KafkaRecord[], ends: Position[]) => Promise<void> | void
  /** Records were deleted before they were read. */
  onGap?: () => void
}

export type Reader = {
  /** Whether the broker could be reached at the last attempt. */
  connected(): boolean
  /** Reads no more; settles when what was handed over has been dealt with. */
  stop(): Promise<void>
}

/**
 * Reads partitions by plain fetches that wait on the broker for the first record, on a
 * connection of their own: a fetch that waits holds up whatever is sent behind it.
 */
export function startReader(options: ReaderOptions): Reader {
  const { connection, log, receive, onGap = () => undefined } = options
  const topics = [...new Set(options.positions.map(({ topic }) => topic))]
  const offsets = new Map(options.positions.map((at) => [nameOf(at), { ...at }]))
  const consumer = createConsumer(connection)
  consumer.topics.trackAll(...topics)
  let stopped = false
  let connected = true
  let delivering: Promise<void> = Promise.resolve()

  async function run(): Promise<void> {
    let pause = firstPauseMs
    while (!stopped) {
      try {
        const metadata = await consumer.metadata({ topics, forceUpdate: true })
        connected = true
        const byLeader = Map.groupBy(
          offsets.values(),
          ({ topic, partition }) => metadata.topics.get(topic)?.partitions[partition]?.leader ?? -1,
        )
        const ids = new Map([...metadata.topics].map(([name, { id }]) => [name, id]))
        const round = { broken: false }
        const follow = async ([node, positions]: [number, Position[]]) => {
          try {
            while (!stopped && !round.broken) {
              await fetchOnce(node, positions, ids)
              pause = firstPauseMs
            }
          } finally {
            // A leader that went away may be anywhere now: all are looked for again.
            round.broken = true
          }
        }
        await Promise.all([...byLeader].map(follow))
      } catch (error) {
        if (stopped) return
        connected = false
        log.debug({ event: 'kafka.fetch_failed', topics, err: error })
        if (findErrorBy(toError(error), 'apiId', 'OFFSET_OUT_OF_RANGE')) {
          await moveIntoRange().catch(() => undefined)
        }
        await new Promise((resolve) => setTimeout(resolve, pause))
        pause = Math.min(pause * 2, longestPauseMs)
      }
    }
  }

  async function fetchOnce(
    node: number,
    positions: readonly Position[],
    ids: ReadonlyMap<string, string>,
  ): Promise<void> {
    const response = await consumer.fetch({
      node,
      minBytes: 1,
      maxBytes,
      maxWaitTime,
      topics: toRequest(positions, ids),
    })
    if (stopped) return
    const names = new Map([...ids].map(([name, id]) => [id, name]))
    const { records, ends } = readResponse(response, names, offsets)
    if (ends.length === 0) return
    const previous = delivering
    delivering = previous.then(() => (stopped ? undefined : receive(records, ends))).catch(report)
    // The next fetch is under way while these are dealt with, and no more than one.
    await previous
  }

  function report(error: unknown): void {
    log.error({ event: 'kafka.delivery_failed', topics, err: error })
  }

  /** What was to be read next is gone: goes on with the oldest that is there. */
  async function moveIntoRange(): Promise<void> {
    const [oldest, newest] = await Promise.all([
      consumer.listOffsets({ topics, timestamp: -2n }),
      consumer.listOffsets({ topics, timestamp: -1n }),
    ])
    for (const at of offsets.values()) {
      const first = oldest.get(at.topic)?.[at.partition] ?? 0n
      const last = newest.get(at.topic)?.[at.partition] ?? 0n
      if (at.offset >= first && at.offset <= last) continue
      log.error({ event: 'kafka.records_gone', ...at, offset: String(at.offset) })
      at.offset = at.offset < first ? first : last
      onGap()
    }
  }

  const running = run()

  return {
    connected: () => connected && !stopped,
    async stop() {
      stopped = true
      await consumer.close(true).catch(() => undefined)
      await running
      await delivering
    },
  }
}

export function createConsumer(connection: BaseOptions): Consumer {
  const consumer = new Consumer({
    ...connection,
    // Never joined: fetches need no group, but the client wants a name.
    groupId: 'none',
    requestTimeout: maxWaitTime + 5_000,
  })
  consumer.on('error', () => undefined)
  return consumer
}

/** Where partitions end, or begin, now. */
export async function findPositions(
  consumer: Consumer,
  topic: string,
  edge: 'oldest' | 'newest',
): Promise<Position[]> {
  const timestamp = edge === 'oldest' ? -2n : -1n
  const offsets = await consumer.listOffsets({ topics: [topic], timestamp })
  return (offsets.get(topic) ?? []).map((offset, partition) => ({ topic, partition, offset }))
}

function toRequest(
  positions: readonly Position[],
  ids: ReadonlyMap<string, string>,
): FetchRequestTopic[] {
  const byTopic = Map.groupBy(positions, ({ topic }) => topic)
  return [...byTopic].map(([topic, ofTopic]) => ({
    topicId: ids.get(topic) ?? '',
    partitions: ofTopic.map(({ partition, offset }) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: offset,
      lastFetchedEpoch: -1,
      partitionMaxBytes,
    })),
  }))
}

/** Takes the records that were not seen yet, and moves the positions behind them. */
function readResponse(
  response: FetchResponse,
  names: ReadonlyMap<string, string>,
  offsets: ReadonlyMap<string, Position>,
): { records: KafkaRecord[]; ends: Position[] } {
  const records: KafkaRecord[] = []
  const ends: Position[] = []
  for (const { topicId, partitions } of response.responses) {
    const topic = names.get(topicId) ?? ''
    for (const { partitionIndex: partition, records: batches } of partitions) {
      const at = offsets.get(nameOf({ topic, partition }))
      if (!at || !batches) continue
      const before = at.offset
      for (const batch of batches) {
        for (const { offsetDelta, key, headers, value } of batch.records) {
          const offset = batch.firstOffset + BigInt(offsetDelta)
          // A batch is sent whole: its first records can be older than what was asked for.
          if (offset < at.offset || batch.attributes & controlBatch) continue
          records.push({
            topic,
            partition,
            offset,
            key: key?.toString(),
            headers: readHeaders(headers),
            value: value?.toString() ?? '',
          })
        }
        const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n
        if (end > at.offset) at.offset = end
      }
      if (at.offset > before) ends.push({ ...at })
    }
  }
  return { records, ends }
}

const controlBatch = 0b10_0000

function readHeaders(pairs: [Buffer | null, Buffer | null][]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  for (const [name, value] of pairs) if (name && value) headers[name.toString()] = value.toString()
  return headers
}

function nameOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}:${partition}`
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
