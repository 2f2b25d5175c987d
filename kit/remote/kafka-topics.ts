import { Admin, type BaseOptions } from '@platformatic/kafka'
import { type Contract, topicOf } from '../contract.ts'
import { createConsumer } from './kafka-reader.ts'
import type { KafkaSettings } from './kafka-settings.ts'
import { processOf, topicNames } from './names.ts'

/** Partitions of the topic for answers: instances share them, so there is no need for more. */
const replyPartitions = 8
const patienceMs = 30_000
const minute = 60_000
const day = 24 * 60 * minute

/** Bytes of a body, and of all bodies that are sent at once. */
export const maxBodyBytes = 2_000_000
/** What the broker takes: a batch with its keys and headers. */
const maxBatchBytes = 3_000_000

export type KafkaTopic = {
  name: string
  partitions: number
  replicas: number
  /** How long a record is kept. */
  retentionMs: number
}

/** Every topic that the services of these contracts need, as it is to be made. */
export function kafkaTopics(contracts: readonly Contract[], settings: KafkaSettings): KafkaTopic[] {
  const { KAFKA_PARTITIONS: partitions, KAFKA_REPLICATION: replicas } = settings
  const names = topicNames(settings)
  const passing = { partitions, replicas, retentionMs: 10 * minute }
  const lasting = { partitions, replicas, retentionMs: 7 * day }
  const topics: KafkaTopic[] = [
    { ...passing, name: names.replies, partitions: replyPartitions },
    { ...passing, name: names.signals, partitions: 1 },
  ]
  for (const contract of contracts) {
    topics.push({ ...passing, name: names.requests(processOf(contract.service)) })
    const events = Object.keys(contract.events ?? {})
    if (events.length > 0) topics.push({ ...lasting, name: names.events(contract.service) })
    const literal = [...literalTopicsOf(contract), ...Object.keys(contract.entrances ?? {})]
    for (const topic of literal) topics.push({ ...lasting, name: names.literal(topic) })
  }
  return [...new Map(topics.map((topic) => [topic.name, topic])).values()]
}

/** Topics by which the outside knows some of a service's events. */
export function literalTopicsOf(contract: Contract): string[] {
  return Object.entries(contract.events ?? {}).flatMap(([event, { topic }]) =>
    topic ? [topicOf(contract, event)] : [],
  )
}

/** Makes the topics that are not there yet, and says which it made. */
export async function createTopics(
  options: BaseOptions,
  topics: readonly KafkaTopic[],
): Promise<string[]> {
  const admin = new Admin({ ...options, retries: 3, retryDelay: 200 })
  try {
    const existing = new Set(await admin.listTopics())
    const missing = topics.filter(({ name }) => !existing.has(name))
    const byKind = Map.groupBy(
      missing,
      ({ partitions, replicas, retentionMs }) => `${partitions} ${replicas} ${retentionMs}`,
    )
    for (const ofKind of byKind.values()) {
      const [{ partitions, replicas, retentionMs }] = ofKind as [KafkaTopic]
      await admin.createTopics({
        topics: ofKind.map(({ name }) => name),
        partitions,
        replicas,
        configs: [
          { name: 'retention.ms', value: String(retentionMs) },
          { name: 'segment.ms', value: String(Math.min(retentionMs, day)) },
          { name: 'max.message.bytes', value: String(maxBatchBytes) },
          { name: 'min.insync.replicas', value: replicas >= 3 ? '2' : '1' },
        ],
      })
    }
    const made = missing.map(({ name }) => name)
    if (made.length > 0) await waitUntilUsable(options, made)
    return made
  } finally {
    await admin.close()
  }
}

/** A topic that was just made is not led by anybody for a moment. */
async function waitUntilUsable(options: BaseOptions, topics: readonly string[]): Promise<void> {
  const consumer = createConsumer(options)
  const giveUpAt = Date.now() + patienceMs
  try {
    for (;;) {
      try {
        await consumer.listOffsets({ topics: [...topics] })
        return
      } catch (error) {
        if (Date.now() > giveUpAt) throw error
        consumer.clearMetadata()
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  } finally {
    await consumer.close(true)
  }
}

/** Refuses to go on when topics are missing, and names them. */
export async function demandTopics(options: BaseOptions, names: readonly string[]): Promise<void> {
  const admin = new Admin(options)
  try {
    const existing = new Set(await admin.listTopics())
    const missing = names.filter((name) => !existing.has(name))
    if (missing.length > 0) {
      throw new Error(
        `Kafka has no topic ${missing.join(', ')}. The command \`stoa topics\` makes what is missing.`,
      )
    }
  } finally {
    await admin.close()
  }
}
