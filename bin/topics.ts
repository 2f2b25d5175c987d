import { type Environment, readConfig } from '../kit/config.ts'
import { KafkaSettings } from '../kit/remote/kafka-settings.ts'
import { type RabbitConfig, rabbitConfig } from '../kit/remote/rabbitmq-config.ts'
import { groups } from './bus.ts'
import { published } from './contracts.ts'
import { Problem } from './problem.ts'

export const topicsUsage = `topics [--check]
  Makes what the bus needs on its broker, where it is missing; with --check only looks.`

type Say = (line: string) => void

/** Prepares the broker that the environment names, or only says what it lacks. */
export async function prepareTopics(
  words: readonly string[],
  environment: Environment,
  say: Say,
): Promise<void> {
  const strange = words.filter((word) => word !== '--check')
  if (strange.length > 0) throw new Problem(`topics takes --check only: ${strange.join(' ')}.`)
  const { KAFKA_BROKERS, RABBITMQ_URL } = environment
  if (Boolean(KAFKA_BROKERS) === Boolean(RABBITMQ_URL)) {
    throw new Problem('Say which broker: set KAFKA_BROKERS or RABBITMQ_URL.')
  }
  const { kafka, rabbitmq } = readConfig(
    {
      kafka: KAFKA_BROKERS ? KafkaSettings : undefined,
      rabbitmq: RABBITMQ_URL ? rabbitConfig : undefined,
    },
    environment,
  )
  const onlyLook = words.length > 0
  if (kafka) await prepareKafka(kafka, onlyLook, say)
  if (rabbitmq) await prepareRabbit(rabbitmq, onlyLook, say)
}

async function prepareKafka(settings: KafkaSettings, onlyLook: boolean, say: Say): Promise<void> {
  const { connectionOf } = await import('../kit/remote/kafka-settings.ts')
  const { createTopics, demandTopics, kafkaTopics } = await import('../kit/remote/kafka-topics.ts')
  const connection = connectionOf(settings, 'stoa-topics')
  const topics = kafkaTopics(published, settings)
  if (onlyLook) {
    const names = topics.map(({ name }) => name)
    await demandTopics(connection, names).catch(toProblem)
  } else {
    for (const name of await createTopics(connection, topics).catch(toProblem)) say(`${name}: made`)
  }
  say(`Kafka has all ${topics.length} topics.`)
}

async function prepareRabbit(config: RabbitConfig, onlyLook: boolean, say: Say): Promise<void> {
  const { declareTopology, verifyTopology } = await import('../kit/remote/rabbitmq-topology.ts')
  await (onlyLook ? verifyTopology : declareTopology)(config, groups).catch(toProblem)
  say('RabbitMQ has its exchanges and queues.')
}

/** Whatever a broker says to this is for whoever set it up, down to the first cause. */
function toProblem(error: Error): never {
  const messages: string[] = []
  for (let each: unknown = error; each instanceof Error; each = causeOf(each)) {
    const { message } = each
    if (!messages.some((told) => told.includes(message))) messages.push(message)
  }
  throw new Problem(messages.join(' '), { cause: error })
}

function causeOf(error: Error): unknown {
  return error instanceof AggregateError ? error.errors[0] : error.cause
}
