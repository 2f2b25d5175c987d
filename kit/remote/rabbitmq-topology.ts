import { type Channel, Connection } from 'rabbitmq-client'
import type { RabbitConfig } from './rabbitmq-config.ts'

/** Which topics each group of readers hears: a queue that is not there loses what it should get. */
export type Groups = Readonly<Record<string, readonly string[]>>

type Shape = Pick<RabbitConfig, 'RABBITMQ_PREFIX' | 'RABBITMQ_PARTITIONS'>

/** What everything is called on the broker. */
export function rabbitNames({ RABBITMQ_PREFIX: prefix, RABBITMQ_PARTITIONS: partitions }: Shape) {
  return {
    /** Topic exchange of all events and entrances. */
    events: `${prefix}events`,
    /** Fanout exchange of what is told to every process. */
    signals: `${prefix}signals`,
    partitions: `${prefix}partitions`,
    requests: (service: string) => `${prefix}rpc.${service}`,
    queues: (group: string) => range(partitions).map((n) => `${prefix}${group}.${n}`),
  }
}

/**
 * The partition of a key, 0 or greater: FNV-1a, 32 bits, of its UTF-8, modulo the number of
 * partitions. The publisher computes it, so that the broker needs no plugin.
 */
export function partitionOf(key: string, partitions: number): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(key)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0) % partitions
}

/** The topic in a routing key, which is `<topic>.<partition>`, or the topic alone. */
export function topicIn(routingKey: string, topics: ReadonlySet<string>): string | undefined {
  if (topics.has(routingKey)) return routingKey
  const topic = routingKey.slice(0, routingKey.lastIndexOf('.'))
  return topics.has(topic) ? topic : undefined
}

/** Every routing key of a topic, as a pattern; a writer may leave the partition out. */
export function routingKeysOf(topic: string): string[] {
  return [topic, `${topic}.*`]
}

/**
 * Makes the exchanges, and a queue per group and partition, where they are not there yet.
 * Rejects when something of another shape is there under the same name.
 */
export function declareTopology(config: RabbitConfig, groups: Groups): Promise<void> {
  return withChannel(config, (channel) => declareAll(channel, config, groups))
}

/** Rejects, saying what to do, unless everything is there that `declareTopology` makes. */
export function verifyTopology(config: RabbitConfig, groups: Groups): Promise<void> {
  return withChannel(config, async (channel) => {
    await checkTopology(channel, config)
    const { queues } = rabbitNames(config)
    for (const queue of Object.keys(groups).flatMap(queues)) await checkQueue(channel, queue)
  })
}

async function withChannel(
  config: RabbitConfig,
  work: (channel: Channel) => Promise<void>,
): Promise<void> {
  const connection = new Connection({ url: config.RABBITMQ_URL, acquireTimeout: 10_000 })
  let failure: Error | undefined
  connection.on('error', (error) => {
    failure = error
  })
  try {
    const channel = await connection.acquire().catch((error) => {
      throw unreachable(failure ?? error)
    })
    await work(channel)
    await channel.close()
  } finally {
    await connection.close()
  }
}

async function declareAll(channel: Channel, config: RabbitConfig, groups: Groups): Promise<void> {
  const names = rabbitNames(config)
  await declarePartitions(channel, config)
  await channel.exchangeDeclare({ exchange: names.events, type: 'topic', durable: true })
  await channel.exchangeDeclare({ exchange: names.signals, type: 'fanout', durable: true })
  for (const [group, topics] of Object.entries(groups)) {
    for (const [partition, queue] of names.queues(group).entries()) {
      await channel.queueDeclare({ queue, durable: true, arguments: groupQueue })
      for (const topic of topics) {
        const routingKeys = partition === 0 ? [`${topic}.0`, topic] : [`${topic}.${partition}`]
        for (const routingKey of routingKeys) {
          await channel.queueBind({ queue, exchange: names.events, routingKey })
        }
      }
    }
  }
}

const groupQueue = {
  'x-queue-type': 'quorum' as const,
  // One process at a time reads a queue, so that its order is the order of the effects.
  'x-single-active-consumer': true,
  // From version 4 on, RabbitMQ drops what came back 20 times; 3 knows no other word for never.
  'x-delivery-limit': 1_000_000_000,
}

/** Rejects, saying what to do, unless the exchanges are there with as many partitions as here. */
export async function checkTopology(channel: Channel, config: RabbitConfig): Promise<void> {
  const { events, signals } = rabbitNames(config)
  for (const exchange of [events, signals]) {
    await channel.exchangeDeclare({ exchange, passive: true }).catch(explainMissing(exchange))
  }
  await declarePartitions(channel, config)
}

/** Rejects, saying what to do, unless the queue is there. */
export async function checkQueue(channel: Channel, queue: string): Promise<void> {
  await channel.queueDeclare({ queue, passive: true }).catch(explainMissing(queue))
}

/**
 * Keys keep their order only while everybody counts the same partitions. An empty queue remembers
 * the number as its length: the broker refuses to declare it again with another one.
 */
async function declarePartitions(channel: Channel, config: RabbitConfig): Promise<void> {
  const { RABBITMQ_PARTITIONS: wanted } = config
  const queue = rabbitNames(config).partitions
  await channel
    .queueDeclare({ queue, durable: true, arguments: { 'x-max-length': wanted } })
    .catch((error) => {
      const found = /current is '?(\d+)/.exec(String(error))?.[1]
      if (!found) throw error
      throw new Error(
        `RabbitMQ was set up with ${found} partitions, and RABBITMQ_PARTITIONS is ${wanted}: order would be lost. Set it to ${found}, or choose another RABBITMQ_PREFIX and run "stoa topics".`,
        { cause: error },
      )
    })
}

function explainMissing(name: string) {
  return (error: Error & { code?: string }): never => {
    if (error.code !== 'NOT_FOUND') throw error
    throw new Error(`RabbitMQ has no "${name}": run "stoa topics" first.`, { cause: error })
  }
}

export function unreachable(cause: Error): Error {
  return new Error(`RabbitMQ cannot be reached: ${cause.message}`, { cause })
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}
