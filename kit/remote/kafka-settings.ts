import fs from 'node:fs'
import type { BaseOptions } from '@platformatic/kafka'
import * as z from 'zod'
import { setting } from '../config.ts'

/** How to reach Kafka, and what its topics are made like. */
export const KafkaSettings = z.object({
  KAFKA_BROKERS: setting.list().optional().describe('Brokers to begin with: `host:port,host:port`'),
  KAFKA_PREFIX: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{0,100}$/, 'Letters, digits, dots, dashes and underscores only')
    .default('')
    .describe('Stands before every topic and group, so that several installations share a broker'),
  KAFKA_PARTITIONS: setting
    .integer(1, 1_000)
    .default(6)
    .describe('Partitions of topics that are made: as many instances of a service can share work'),
  KAFKA_REPLICATION: setting
    .integer(1, 10)
    .default(1)
    .describe('Copies of each topic that is made; 3 on three brokers or more'),
  KAFKA_TLS: setting.flag().default(false).describe('Whether the brokers are reached by TLS'),
  KAFKA_TLS_CA_FILE: setting
    .text()
    .optional()
    .describe('File with the certificate authority of the brokers, when it is not a public one'),
  KAFKA_SASL_MECHANISM: z
    .enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])
    .optional()
    .describe('How to sign in to the brokers: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512'),
  KAFKA_SASL_USERNAME: setting.text().optional().describe('Name to sign in with'),
  KAFKA_SASL_PASSWORD: setting.text().optional().describe('Password to sign in with'),
})
export type KafkaSettings = z.output<typeof KafkaSettings>

/** What every client of the brokers is made with. Each decides for itself what it repeats. */
export function connectionOf(settings: KafkaSettings, clientId: string): BaseOptions {
  const { KAFKA_BROKERS, KAFKA_TLS, KAFKA_TLS_CA_FILE, KAFKA_SASL_MECHANISM } = settings
  if (!KAFKA_BROKERS?.length) throw new Error('KAFKA_BROKERS is needed')
  return {
    clientId,
    bootstrapBrokers: KAFKA_BROKERS,
    retries: 0,
    metadataMaxAge: 60_000,
    connectTimeout: 3_000,
    ...(KAFKA_TLS && { tls: KAFKA_TLS_CA_FILE ? { ca: fs.readFileSync(KAFKA_TLS_CA_FILE) } : {} }),
    ...(KAFKA_SASL_MECHANISM && {
      sasl: {
        mechanism: KAFKA_SASL_MECHANISM,
        username: settings.KAFKA_SASL_USERNAME ?? '',
        password: settings.KAFKA_SASL_PASSWORD ?? '',
      },
    }),
  }
}
