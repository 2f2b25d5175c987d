import fs from 'node:fs'
import path from 'node:path'
import * as z from 'zod'
import { gatewayConfig } from '../gateway/config.ts'
import { socketSettings } from '../gateway/sockets/config.ts'
import { statusConfig } from '../gateway/status-config.ts'
import { type Environment, mustBeSet, readConfig, setting, withoutEmpty } from '../kit/config.ts'
import { databaseConfig } from '../kit/db/settings.ts'
import { redisConfig } from '../kit/redis/config.ts'
import { KafkaSettings } from '../kit/remote/kafka-settings.ts'
import { rabbitConfig } from '../kit/remote/rabbitmq-config.ts'
import { tracingSettings } from '../kit/tracing/settings.ts'
import { chooseParts, findUnknownParts, partNames } from './parts.ts'
import { withSecrets } from './secrets.ts'
import { services } from './services.ts'

/** What concerns the process as a whole. */
const processConfig = z.object({
  DATA_FOLDER: setting.text().default('data').describe('Folder for databases and secrets'),
  LOG_LEVEL: z
    .enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('Least serious messages that are logged'),
})

/** What processes that share a bus have in common. */
const busConfig = z.object({
  SERVICE_KEY: setting
    .text()
    .refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes in base64')
    .describe('Signs what processes say to each other: 32 random bytes in base64, the same in all'),
  INSTANCE_NAME: setting
    .text()
    .regex(/^[\w.-]{1,100}$/, 'Use letters, digits and . _ -')
    .optional()
    .describe('Name of this process, unlike any other and the same after a restart, if it has one'),
})

const serviceSchemas: Readonly<Record<string, z.ZodObject>> = Object.fromEntries(
  services.flatMap(({ contract, config }) => (config ? [[contract.service, config]] : [])),
)

/** The settings of every part, by the name of the part. */
export const configSchemas: Readonly<Record<string, z.ZodObject>> = {
  process: processConfig,
  gateway: gatewayConfig,
  sockets: socketSettings,
  ...serviceSchemas,
  database: databaseConfig,
  redis: redisConfig,
  bus: busConfig,
  kafka: KafkaSettings,
  rabbitmq: rabbitConfig,
  tracing: tracingSettings,
}

export type Config = ReturnType<typeof readAllConfig>

/**
 * Reads everything once, for a process of the named parts or of all. It is `apart` when others
 * like it share its work over a bus: then what they have in common is demanded. A process that
 * is alone chooses that for itself.
 */
export function readAllConfig(environment: Environment, names: readonly string[] = []) {
  const parts = chooseParts(names)
  const given = withoutEmpty(environment)
  const apart = parts.size < partNames.length || hasBus(given)
  const own = Object.fromEntries(Object.entries(serviceSchemas).filter(([name]) => parts.has(name)))
  const door = parts.has('gateway')
  const schemas = {
    process: processConfig,
    database: databaseConfig,
    status: statusConfig,
    gateway: door ? gatewayConfig : undefined,
    sockets: door ? socketSettings : undefined,
    redis: door ? redisConfig : undefined,
    bus: apart ? busConfig : undefined,
    kafka: given.KAFKA_BROKERS ? KafkaSettings : undefined,
    rabbitmq: given.RABBITMQ_URL ? rabbitConfig : undefined,
    tracing: given.OTEL_EXPORTER_OTLP_ENDPOINT ? tracingSettings : undefined,
    ...own,
  }
  const found = [...findUnknownParts(names), ...(apart ? findMissing(given, schemas) : [])]
  const settings = readConfig(schemas, apart ? given : completeAlone(given), found)
  const {
    process,
    database,
    status,
    gateway,
    sockets,
    redis,
    bus,
    kafka,
    rabbitmq,
    tracing,
    ...rest
  } = settings
  const ofServices: Readonly<Record<string, Record<string, unknown> | undefined>> = rest
  return {
    parts,
    apart,
    dataFolder: path.resolve(process.DATA_FOLDER),
    logLevel: process.LOG_LEVEL,
    database,
    status,
    door: gateway && sockets && redis && { gateway, sockets, redis },
    bus: bus && { serviceKey: bus.SERVICE_KEY, instance: bus.INSTANCE_NAME, kafka, rabbitmq },
    tracing,
    services: ofServices,
  }
}

/** Where the databases are, for commands that need no more. */
export function readStorageConfig(environment: Environment) {
  const { process, database } = readConfig(
    { process: processConfig, database: databaseConfig },
    environment,
  )
  const { DATA_FOLDER, LOG_LEVEL: logLevel } = process
  return { database, dataFolder: path.resolve(DATA_FOLDER), logLevel }
}

function hasBus({ KAFKA_BROKERS, RABBITMQ_URL }: Environment): boolean {
  return Boolean(KAFKA_BROKERS ?? RABBITMQ_URL)
}

/** What a process that is alone chooses for itself: its secrets, and where it is reached. */
function completeAlone(given: Environment): Environment {
  const dataFolder = path.resolve(processConfig.shape.DATA_FOLDER.parse(given.DATA_FOLDER))
  fs.mkdirSync(dataFolder, { recursive: true })
  const port = statusConfig.shape.PORT.safeParse(given.PORT)
  return { PUBLIC_URL: `http://localhost:${port.data ?? 3000}`, ...withSecrets(dataFolder, given) }
}

/** Settings that have a default, or may be missing, only as long as there is one process. */
export const sharedNames = ['PUBLIC_URL', 'SETUP_CODE']

function findMissing(
  given: Environment,
  schemas: Readonly<Record<string, z.ZodObject | undefined>>,
): string[] {
  const problems: string[] = []
  if (!hasBus(given)) {
    problems.push('KAFKA_BROKERS: parts that run apart need a bus; set this or RABBITMQ_URL')
  }
  if (given.KAFKA_BROKERS && given.RABBITMQ_URL) {
    problems.push('RABBITMQ_URL: KAFKA_BROKERS is set too, and there can be one bus only')
  }
  if (!given.DATABASE_URL) {
    problems.push('DATABASE_URL: parts that run apart need PostgreSQL, which they share')
  }
  for (const name of sharedNames.filter((name) => !given[name])) {
    const reader = Object.values(schemas).find((schema) => schema && name in schema.shape)
    if (reader) problems.push(`${name}: ${mustBeSet(reader, name)}`)
  }
  return problems
}
