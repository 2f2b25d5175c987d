import { Admin } from '@platformatic/kafka'
import type { Contract } from '../../../kit/contract.ts'
import { createLog } from '../../../kit/log.ts'
import { createKafkaTransport } from '../../../kit/remote/kafka.ts'
import { connectionOf, KafkaSettings } from '../../../kit/remote/kafka-settings.ts'
import { createTopics, kafkaTopics } from '../../../kit/remote/kafka-topics.ts'
import type { Transport } from '../../../kit/remote/transport.ts'
import type { Broker } from './network.ts'
import { notes } from './notes-service.ts'
import { nobody, things } from './suite-contract.ts'

type Options = Readonly<Record<string, string>> & { LOG_LEVEL?: string }

/** How another process of the suite connects. */
export async function connect(instanceId: string, options: Options): Promise<Transport> {
  return createKafkaTransport({
    settings: settingsOf(options),
    contracts: [things, nobody, notes],
    instanceId,
    log: createLog(options.LOG_LEVEL ?? 'silent'),
  })
}

/** Topics of a test's own on the broker that runs here, or the one named; deleted after it. */
export async function createKafkaBroker(
  contracts: readonly Contract[],
  given: Options = {},
): Promise<Broker> {
  const options: Options = { KAFKA_PREFIX: `test-${crypto.randomUUID().slice(0, 8)}-`, ...given }
  const settings = settingsOf(options)
  const topics = kafkaTopics(contracts, settings)
  await createTopics(connectionOf(settings, 'test'), topics)
  return {
    connect: (instanceId) => connect(instanceId, options),
    driver: { module: import.meta.url, options },
    async [Symbol.asyncDispose]() {
      const admin = new Admin({ ...connectionOf(settings, 'test'), retries: 5 })
      await admin.deleteTopics({ topics: topics.map(({ name }) => name) })
      await admin.close()
    },
  }
}

function settingsOf(options: Options): KafkaSettings {
  return KafkaSettings.parse({ KAFKA_BROKERS: '127.0.0.1:9092', ...options })
}
