import {
  type BaseOptions,
  compatibilityPartitioner,
  type MessageToProduce,
  murmur2,
  ProduceAcks,
  Producer,
  stringSerializers,
} from '@platformatic/kafka'
import type { Contract } from '../contract.ts'
import { topicOf } from '../contract.ts'
import type { Logger } from '../log.ts'
import { createBatches } from './kafka-batches.ts'
import { type Group, joinGroup, sessionTimeoutMs } from './kafka-group.ts'
import {
  createConsumer,
  findPositions,
  type KafkaRecord,
  type Reader,
  startReader,
} from './kafka-reader.ts'
import { connectionOf, type KafkaSettings } from './kafka-settings.ts'
import { demandTopics, literalTopicsOf, maxBodyBytes } from './kafka-topics.ts'
import { topicNames } from './names.ts'
import { header, type Message, type TopicMessage, type Transport } from './transport.ts'

/** Carries the name of an event's topic, where all events of a service share one. */
const topicHeader = 'topic'
/** Room that keys and headers take in a batch, beside the body. */
const overhead = 1_000
/** Bytes of a batch. */
const mostSize = maxBodyBytes + overhead
/** Requests with more time than this could outlive their worker's place in the group. */
const surelyExpiredMs = sessionTimeoutMs - 500

export type KafkaOptions = {
  settings: KafkaSettings
  /** Tells which events exist, and what each is called outside. */
  contracts: readonly Contract[]
  /** Names this process among all that are connected; the same after a restart where it can be. */
  instanceId: string
  log: Logger
}

/**
 * The bus's driver for Kafka.
 *
 * Requests go to one topic per service, read by a group of workers. Answers come back in one
 * topic for all: an instance picks a partition by its id and reads it without a group, from where
 * it ended before the first request. Events of a service lie in one topic, so that all events of
 * a key keep their order; those with a literal topic are written there as well, for the outside.
 */
export function createKafkaTransport(options: KafkaOptions): Transport {
  const { settings, contracts, instanceId, log } = options
  const connection = connectionOf(settings, `stoa-${instanceId}`)
  const names = topicNames(settings)
  const streams = new Map<string, string>()
  const literal = new Set(contracts.flatMap(literalTopicsOf))
  // What others write to as well has one place, where all of it is read: the topic of that name.
  const entrances = new Set(contracts.flatMap((contract) => Object.keys(contract.entrances ?? {})))
  for (const contract of contracts) {
    for (const event of Object.keys(contract.events ?? {})) {
      const topic = topicOf(contract, event)
      if (!entrances.has(topic)) streams.set(topic, names.events(contract.service))
    }
  }
  const groups: Group[] = []
  const readers: Reader[] = []
  const passing = createProducer(connection, false)
  const lasting = createProducer(connection, true)
  let replyPartitions = 0
  let closed = false

  async function demand(topics: readonly string[]): Promise<void> {
    if (closed) throw new Error('The connection to Kafka is closed')
    await demandTopics(connection, topics)
  }

  /** Reads a topic from its end, without a group; all of it, or one partition. */
  async function readFromEnd(
    topics: readonly string[],
    choose: (partitions: number) => number | undefined,
    receive: (record: KafkaRecord) => void,
    onGap?: () => void,
  ): Promise<number> {
    const consumer = createConsumer(connection)
    try {
      const ends = await Promise.all(
        topics.map((topic) => findPositions(consumer, topic, 'newest')),
      )
      const count = ends[0]?.length ?? 0
      const chosen = choose(count)
      const positions = ends
        .flat()
        .filter(({ partition }) => chosen === undefined || partition === chosen)
      readers.push(
        startReader({
          connection,
          log,
          positions,
          receive: (records) => {
            for (const record of records) receive(record)
          },
          ...(onGap && { onGap }),
        }),
      )
      return count
    } finally {
      await consumer.close(true)
    }
  }

  return {
    maxBodyBytes,
    async openReplies(receive) {
      await demand([names.replies])
      const hash = murmur2(Buffer.from(instanceId)) >>> 0
      replyPartitions = await readFromEnd(
        [names.replies],
        (count) => hash % count,
        (record) => receive(toMessage(record)),
      )
      return String(hash % replyPartitions)
    },
    async sendRequest(service, message) {
      await passing.send([toKafka(names.requests(service), message)])
    },
    async sendReply(address, message) {
      if (!/^\d{1,4}$/.test(address)) throw new Error('The address for the answer is wrong')
      await passing.send([{ ...toKafka(names.replies, message), partition: Number(address) }])
    },
    async serveRequests(service, receive) {
      const topic = names.requests(service)
      await demand([topic])
      const handOver = (records: KafkaRecord[]) => {
        for (const record of records) receive(toMessage(record))
      }
      const group = await joinGroup({
        connection,
        log,
        group: topic,
        topics: [topic],
        // A request that was handed over must not be handed over again. After a crash the
        // partition changes hands when the session has timed out, and by then most requests have
        // expired; those that have not are committed first.
        receive(records, member) {
          if (member.isDoubtful()) throw new Error('The place in the group may be lost')
          const now = Date.now()
          const isLong = ({ headers }: KafkaRecord) =>
            Number(headers[header.deadline]) - now > surelyExpiredMs
          if (records.some(isLong)) return member.commit().then(() => handOver(records))
          handOver(records)
        },
      })
      groups.push(group)
    },
    async publish(topicMessages) {
      const records = topicMessages.flatMap((message) => {
        const { topic } = message
        const own = toKafka(names.literal(topic), message)
        const stream = streams.get(topic)
        if (!stream) return [own]
        const headers = { ...message.headers, [topicHeader]: topic }
        const shared = { ...toKafka(stream, message), headers }
        return literal.has(topic) ? [shared, own] : [shared]
      })
      // One part after the other: where one fails, nothing may stand before it.
      for (const part of inParts(records)) await lasting.send(part)
    },
    async subscribe(group, topics, receive) {
      const source = sourceOf(topics)
      await demand(source.topics)
      const joined = await joinGroup({
        connection,
        log,
        group: `${settings.KAFKA_PREFIX}${group}`,
        memberName: `${settings.KAFKA_PREFIX}${group}-${instanceId}`,
        topics: source.topics,
        async receive(records) {
          const wanted = records.flatMap(source.read)
          if (wanted.length > 0) await receive(wanted)
        },
      })
      groups.push(joined)
    },
    async tail(topics, receive, onGap) {
      const source = sourceOf(topics)
      await demand(source.topics)
      await readFromEnd(
        source.topics,
        () => undefined,
        (record) => source.read(record).forEach(receive),
        onGap,
      )
    },
    broadcast(message) {
      passing.send([toKafka(names.signals, message)]).catch((error) => {
        log.debug({ event: 'kafka.signal_lost', err: error })
      })
    },
    async onBroadcast(receive) {
      await demand([names.signals])
      await readFromEnd(
        [names.signals],
        () => undefined,
        (record) => receive(toMessage(record)),
      )
    },
    ready: () =>
      !closed &&
      readers.every((reader) => reader.connected()) &&
      groups.every((group) => group.active()),
    async drain() {
      await Promise.all(groups.splice(0).map((group) => group.leave()))
    },
    async close() {
      closed = true
      await Promise.all(groups.splice(0).map((group) => group.leave()))
      await Promise.all(readers.map((reader) => reader.stop()))
      await Promise.all([passing.close(), lasting.close()])
    },
  }

  /** The topics on the broker that hold these, and how to read them. */
  function sourceOf(topics: readonly string[]) {
    const wanted = new Set(topics)
    const byName = new Map(
      topics.filter((topic) => !streams.has(topic)).map((topic) => [names.literal(topic), topic]),
    )
    return {
      topics: [...new Set(topics.map((topic) => streams.get(topic) ?? names.literal(topic)))],
      read(record: KafkaRecord): TopicMessage[] {
        const topic = byName.get(record.topic) ?? record.headers[topicHeader] ?? ''
        if (!wanted.has(topic)) return []
        const recordId = `${record.topic}-${record.partition}-${record.offset}`
        return [{ ...toMessage(record), topic, recordId }]
      },
    }
  }
}

type Outgoing = MessageToProduce<string, string, string, string>

/**
 * A producer with one request on its way at a time; what comes meanwhile goes into the next.
 * `durable` waits for all copies and writes each record once, however often it is sent;
 * otherwise nothing is ever sent twice, because a request that arrives twice is done twice.
 */
function createProducer(connection: BaseOptions, durable: boolean) {
  const producer = new Producer<string, string, string, string>({
    ...connection,
    serializers: stringSerializers,
    partitioner: createPartitioner(),
    requestTimeout: durable ? 15_000 : 5_000,
    ...(durable
      ? { idempotent: true, retries: 5, retryDelay: 200 }
      : { acks: ProduceAcks.LEADER, retries: 0 }),
  })
  producer.on('error', () => undefined)
  const batches = createBatches<readonly Outgoing[]>(
    (parts) => producer.send({ messages: parts.flat() }),
    { sizeOf: (part) => part.reduce((size, message) => size + sizeOf(message), 0), mostSize },
  )
  return {
    send: batches.add,
    async close() {
      await batches.settled()
      await producer.close(true)
    },
  }
}

/** As other clients do it with a key, so that their records of a key lie beside ours; else in turn. */
function createPartitioner() {
  let turn = 0
  return (message: Outgoing, key: Buffer | undefined) =>
    key ? compatibilityPartitioner(message, key) : turn++
}

/** Parts that each fit into one batch, in order. */
function* inParts(messages: readonly Outgoing[]): Generator<readonly Outgoing[]> {
  let begin = 0
  let size = 0
  for (const [at, message] of messages.entries()) {
    size += sizeOf(message)
    if (size > mostSize && at > begin) {
      yield messages.slice(begin, at)
      begin = at
      size = sizeOf(message)
    }
  }
  if (begin < messages.length) yield messages.slice(begin)
}

function sizeOf({ value }: Outgoing): number {
  return Buffer.byteLength(value ?? '') + overhead
}

function toKafka(topic: string, { key, headers, body }: Message): Outgoing {
  return { topic, ...(key !== undefined && { key }), headers, value: body }
}

function toMessage({ key, headers, value }: KafkaRecord): Message {
  return { key, headers, body: value }
}
