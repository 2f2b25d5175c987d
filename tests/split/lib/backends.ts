import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { promisify } from 'node:util'
import { Admin } from '@platformatic/kafka'
import { Redis } from 'ioredis'
import pg from 'pg'
import { readEnvironment } from '../../../kit/config.ts'

const execute = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../../..')

export type BusKind = 'kafka' | 'rabbitmq'

/** Room for one installation on the real servers: gone, with everything in it, after the test. */
export type Backends = AsyncDisposable & {
  /** What the parts of the installation are told about it. */
  environment: Record<string, string>
  /** `npm run stoa -- …` there; answers with what it said. */
  stoa(...words: string[]): Promise<string>
}

const servers = {
  DATABASE_URL: 'postgres://postgres@127.0.0.1:5432/postgres',
  KAFKA_BROKERS: '127.0.0.1:9092',
  RABBITMQ_URL: 'amqp://guest:guest@127.0.0.1:5672',
  REDIS_URL: 'redis://127.0.0.1:6379',
}

/** Where the servers are: as the settings say, or on this machine. */
export function findServers(): typeof servers {
  const { DATABASE_URL, KAFKA_BROKERS, RABBITMQ_URL, REDIS_URL } = readEnvironment()
  return {
    DATABASE_URL: DATABASE_URL || servers.DATABASE_URL,
    KAFKA_BROKERS: KAFKA_BROKERS || servers.KAFKA_BROKERS,
    RABBITMQ_URL: RABBITMQ_URL || servers.RABBITMQ_URL,
    REDIS_URL: REDIS_URL || servers.REDIS_URL,
  }
}

/** Runs a command of the product, as an operator would. */
export async function runStoa(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const { stdout } = await execute(process.execPath, ['bin/stoa.ts', ...words], {
    cwd: root,
    env: { ...environment },
    timeout: 240_000,
  })
  return stdout
}

/** A database of its own, empty. */
export async function createDatabase(
  server = findServers().DATABASE_URL,
): Promise<AsyncDisposable & { url: string }> {
  const name = `stoa_test_${randomBytes(6).toString('hex')}`
  const url = new URL(server)
  url.pathname = `/${name}`
  await query(server, `create database ${name} template template0`)
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => query(server, `drop database ${name} with (force)`),
  }
}

/** Room on the servers that there are, or on those that are named. */
export async function createBackends(
  kind: BusKind,
  { DATABASE_URL, KAFKA_BROKERS, ...settings }: Readonly<Record<string, string>> = {},
): Promise<Backends> {
  await using undo = new AsyncDisposableStack()
  const database = undo.use(await createDatabase(DATABASE_URL))
  const openBus = () => (kind === 'kafka' ? createKafkaRoom(KAFKA_BROKERS) : createRabbitRoom())
  const bus = undo.use(await openBus())
  const redis = undo.use(createRedisRoom())
  const environment = {
    DATABASE_URL: database.url,
    // Several installations are tried beside each other, on one server of the usual size.
    DATABASE_CONNECTIONS: '3',
    SERVICE_KEY: randomBytes(32).toString('base64'),
    SIGNING_KEY: randomBytes(32).toString('base64'),
    SETUP_CODE: randomBytes(9).toString('base64url'),
    ...bus.environment,
    ...redis.environment,
    ...settings,
  }
  const rest = undo.move()
  return {
    environment,
    stoa: (...words) => runStoa(words, environment),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

async function createKafkaRoom(KAFKA_BROKERS = findServers().KAFKA_BROKERS) {
  const KAFKA_PREFIX = `stoa-test-${randomBytes(6).toString('hex')}.`
  return {
    environment: { KAFKA_BROKERS, KAFKA_PREFIX, KAFKA_PARTITIONS: '4' },
    async [Symbol.asyncDispose]() {
      const admin = new Admin({
        clientId: 'stoa-test',
        bootstrapBrokers: KAFKA_BROKERS.split(','),
        retries: 3,
      })
      const isOurs = (name: string) => name.startsWith(KAFKA_PREFIX)
      const topics = (await admin.listTopics()).filter(isOurs)
      if (topics.length > 0) await admin.deleteTopics({ topics })
      const groups = [...(await admin.listGroups()).keys()].filter(isOurs)
      // A group that has a member yet is forgotten by the broker itself, later.
      if (groups.length > 0) await admin.deleteGroups({ groups }).catch(() => undefined)
      await admin.close()
    },
  }
}

async function createRabbitRoom() {
  const url = new URL(findServers().RABBITMQ_URL)
  const virtualHost = `stoa-test-${randomBytes(6).toString('hex')}`
  url.pathname = `/${virtualHost}`
  await rabbitmqctl('add_vhost', virtualHost)
  await rabbitmqctl('set_permissions', '-p', virtualHost, url.username, '.*', '.*', '.*')
  return {
    environment: { RABBITMQ_URL: url.href, RABBITMQ_PARTITIONS: '4' },
    async [Symbol.asyncDispose]() {
      await rabbitmqctl('delete_vhost', virtualHost)
    },
  }
}

function createRedisRoom() {
  const { REDIS_URL } = findServers()
  const REDIS_PREFIX = `stoa-test-${randomBytes(6).toString('hex')}`
  return {
    environment: { REDIS_URL, REDIS_PREFIX },
    async [Symbol.asyncDispose]() {
      const redis = new Redis(REDIS_URL)
      const keys = await redis.keys(`${REDIS_PREFIX}:*`)
      if (keys.length > 0) await redis.del(...keys)
      redis.disconnect()
    },
  }
}

async function rabbitmqctl(...words: string[]): Promise<void> {
  await execute('rabbitmqctl', ['--quiet', ...words], { timeout: 60_000 })
}

async function query(server: string, statement: string): Promise<void> {
  const client = new pg.Client(server)
  await client.connect()
  await client.query(statement)
  await client.end()
}
