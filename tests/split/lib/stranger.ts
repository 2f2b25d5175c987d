import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Connection } from 'rabbitmq-client'
import type { BusKind } from './backends.ts'

type Json = Record<string, unknown>

/** A program that knows nothing of the product but its documents. */
export type Stranger = AsyncDisposable & {
  write(topic: string, key: string, payload: Json): Promise<void>
  /** Everything that it has seen of a topic so far. */
  read(topic: string): Promise<Json[]>
}

type Environment = Readonly<Record<string, string>>

export function openStranger(kind: BusKind, environment: Environment): Promise<Stranger> {
  return kind === 'kafka' ? openKcat(environment) : openRabbit(environment)
}

/** Kafka by the command line tool that everybody has. */
async function openKcat({ KAFKA_BROKERS = '', KAFKA_PREFIX = '' }: Environment): Promise<Stranger> {
  async function kcat(topic: string, words: string[], input = ''): Promise<string> {
    const common = ['-q', '-b', KAFKA_BROKERS, '-t', `${KAFKA_PREFIX}${topic}`]
    const child = spawn('kcat', [...common, ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
    child.stdin.end(input)
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
    if (code !== 0) throw new Error(`kcat ended with ${code}`)
    return said
  }
  return {
    async write(topic, key, payload) {
      await kcat(topic, ['-P', '-K', '\t'], `${key}\t${JSON.stringify(payload)}\n`)
    },
    async read(topic) {
      const lines = await kcat(topic, ['-C', '-e', '-o', 'beginning', '-f', '%s\n'])
      return lines
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** RabbitMQ by a bare connection, with a queue of its own at the exchange of all events. */
async function openRabbit({ RABBITMQ_URL = '' }: Environment): Promise<Stranger> {
  const exchange = 'stoa.events'
  const connection = new Connection(RABBITMQ_URL)
  const publisher = connection.createPublisher({ confirm: true })
  const seen: { topic: string; payload: Json }[] = []
  const consumer = connection.createConsumer(
    {
      queueOptions: { exclusive: true },
      queueBindings: [{ exchange, routingKey: '#' }],
    },
    async ({ routingKey, body }) => {
      const payload = Buffer.isBuffer(body) ? JSON.parse(body.toString()) : body
      seen.push({ topic: routingKey.replace(/[.]\d+$/, ''), payload })
    },
  )
  await once(consumer, 'ready')
  return {
    async write(topic, _, payload) {
      await publisher.send({ exchange, routingKey: topic }, payload)
    },
    read: async (topic) =>
      seen.filter((each) => each.topic === topic).map(({ payload }) => payload),
    async [Symbol.asyncDispose]() {
      await publisher.close()
      await consumer.close()
      await connection.close()
    },
  }
}
