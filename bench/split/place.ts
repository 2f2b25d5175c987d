import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Admin } from '@platformatic/kafka'
import pg from 'pg'
import { createPostgresStores } from '../../kit/db/postgres.ts'
import { databaseConfig } from '../../kit/db/settings.ts'
import { createSqliteStores, type Stores } from '../../kit/db/store.ts'
import { createLog } from '../../kit/log.ts'
import { createMetrics } from '../../kit/metrics.ts'
import { createKafkaTransport } from '../../kit/remote/kafka.ts'
import { connectionOf, KafkaSettings } from '../../kit/remote/kafka-settings.ts'
import { createTopics, kafkaTopics } from '../../kit/remote/kafka-topics.ts'
import { createRemoteBus } from '../../kit/remote/remote-bus.ts'
import { notes, reader } from './contract.ts'

/** Where one trial happens: topics and databases of its own, named for all its processes. */
export type Place = { prefix: string; folder: string; store: 'sqlite' | 'postgres' }

export const brokers = '127.0.0.1:9092'
export const database = 'postgres://postgres@127.0.0.1:5432/test'

const contracts = [notes, reader]
/** The topics that a reference has of the same place, made as ours are. */
const otherTopics = ['notes', 'notes.reply']

function settingsOf({ prefix }: Place): KafkaSettings {
  return KafkaSettings.parse({ KAFKA_BROKERS: brokers, KAFKA_PREFIX: prefix })
}

export async function createPlace(store: Place['store']): Promise<Place & AsyncDisposable> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stoa-bench-'))
  const place: Place = { prefix: `bench${process.pid}${Date.now()}_`, folder, store }
  const settings = settingsOf(place)
  const own = kafkaTopics(contracts, settings)
  const { KAFKA_PARTITIONS: partitions, KAFKA_REPLICATION: replicas } = settings
  const others = otherTopics.map((name) => ({
    name: `${settings.KAFKA_PREFIX}${name}`,
    partitions,
    replicas,
    retentionMs: 600_000,
  }))
  const topics = [...own, ...others]
  await createTopics(connectionOf(settings, 'bench'), topics)
  return {
    ...place,
    async [Symbol.asyncDispose]() {
      const admin = new Admin({ ...connectionOf(settings, 'bench'), retries: 5 })
      await admin.deleteTopics({ topics: topics.map(({ name }) => name) })
      await admin.close()
      fs.rmSync(folder, { recursive: true })
      if (store === 'sqlite') return
      const client = new pg.Client(database)
      await client.connect()
      for (const name of ['writer', 'reader']) {
        await client.query(`drop schema if exists "${place.prefix}${name}" cascade`)
      }
      await client.end()
    },
  }
}

export function connectBus(place: Place, instanceId: string) {
  const log = createLog('warn')
  const settings = settingsOf(place)
  const transport = createKafkaTransport({ settings, contracts, instanceId, log })
  const serviceKey = 'the key of all processes of a trial'
  return createRemoteBus({ transport, serviceKey, log, metrics: createMetrics() })
}

export function openStores({ store, folder, prefix }: Place): Stores {
  if (store === 'sqlite') return createSqliteStores(folder)
  const config = databaseConfig.parse({ DATABASE_URL: database })
  return createPostgresStores({ config, prefix, application: 'stoa-bench' })
}
