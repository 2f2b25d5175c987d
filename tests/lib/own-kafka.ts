import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Admin } from '@platformatic/kafka'
import { readEnvironment } from '../../kit/config.ts'
import { eventually, temporaryFolder } from '../../kit/testing.ts'
import { createCertificate } from './certificate.ts'
import { freePort } from './ports.ts'

const run = promisify(execFile)

/** A virtual machine takes seconds to start, and minutes where many want the processor. */
const patienceMs = 300_000
const jvm = [
  '-Xms128m',
  '-Xmx384m',
  // It starts again and again, and shares the machine.
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
]

/** Kafka of a test's own: it can be killed without disturbing anybody. */
export type OwnKafka = AsyncDisposable & {
  /** What the product is told of it. */
  environment: Record<string, string>
  nodes: readonly [KafkaNode, ...KafkaNode[]]
}

export type KafkaNode = {
  /** Kills it without a word. */
  kill(): Promise<void>
  /** Starts it again; settles when it takes part again, with all copies up to date. */
  start(): Promise<void>
  /** Holds it as it is, and lets it go on. */
  freeze(): void
  thaw(): void
}

type Addresses = { id: number; broker: string; controller: string }

type Additions = {
  /** Settings of a node beside the usual ones. */
  settingsOf: (addresses: Addresses) => Record<string, string | number>
  /** Words for the tool that prepares a node's folder. */
  format: readonly string[]
}

/** One node, or three that keep three copies of everything. */
export function startKafka(count = 1): Promise<OwnKafka> {
  return startNodes(count, { settingsOf: () => ({}), format: [] })
}

/** The one who may sign in where that is asked for, by every mechanism. */
export const user = { name: 'stoa', password: 'sesame' }

/** One node that takes only who comes by TLS and signs in. */
export async function startSecuredKafka(): Promise<OwnKafka> {
  await using undo = new AsyncDisposableStack()
  const folder = undo.use(temporaryFolder())
  const { keyFile, certificateFile } = await createCertificate(folder.path)
  const storeFile = path.join(folder.path, 'store.pem')
  const parts = [keyFile, certificateFile].map((file) => fs.readFileSync(file, 'utf8'))
  fs.writeFileSync(storeFile, parts.join(''))
  const secured = `127.0.0.1:${await freePort()}`
  const modules = 'org.apache.kafka.common.security'
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512']
  const kafka = undo.use(
    await startNodes(1, {
      format: scram.flatMap((mechanism) => [
        '--add-scram',
        `${mechanism}=[name=${user.name},password=${user.password}]`,
      ]),
      settingsOf: ({ broker, controller }) => ({
        listeners: `PLAINTEXT://${broker},SECURED://${secured},CONTROLLER://${controller}`,
        'advertised.listeners': `PLAINTEXT://${broker},SECURED://${secured}`,
        'listener.security.protocol.map':
          'PLAINTEXT:PLAINTEXT,SECURED:SASL_SSL,CONTROLLER:PLAINTEXT',
        'inter.broker.listener.name': 'PLAINTEXT',
        'sasl.enabled.mechanisms': ['PLAIN', ...scram].join(),
        'listener.name.secured.plain.sasl.jaas.config': `${modules}.plain.PlainLoginModule required user_${user.name}="${user.password}";`,
        'listener.name.secured.scram-sha-256.sasl.jaas.config': `${modules}.scram.ScramLoginModule required;`,
        'listener.name.secured.scram-sha-512.sasl.jaas.config': `${modules}.scram.ScramLoginModule required;`,
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': storeFile,
      }),
    }),
  )
  const rest = undo.move()
  return {
    environment: {
      KAFKA_BROKERS: secured,
      KAFKA_TLS: 'true',
      KAFKA_TLS_CA_FILE: certificateFile,
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: user.name,
      KAFKA_SASL_PASSWORD: user.password,
    },
    nodes: kafka.nodes,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

/**
 * Runs Kafka on free ports with the jars of `KAFKA_HOME`, or those in the folder that
 * `STOA_BACKENDS` names, or those in the user's cache. No jars are a failure.
 */
async function startNodes(count: number, { settingsOf, format }: Additions): Promise<OwnKafka> {
  await using undo = new AsyncDisposableStack()
  const folder = undo.use(temporaryFolder())
  const jars = `${findJars()}/*`
  const places = await Promise.all(
    Array.from({ length: count }, async (_, n) => ({
      id: n + 1,
      broker: `127.0.0.1:${await freePort()}`,
      controller: `127.0.0.1:${await freePort()}`,
    })),
  )
  const voters = places.map(({ id, controller }) => `${id}@${controller}`).join()
  const brokers = places.map(({ broker }) => broker)
  const copies = count < 3 ? 1 : 3

  async function prepare(place: Addresses): Promise<KafkaNode> {
    const { id, broker, controller } = place
    const file = path.join(folder.path, `node-${id}.properties`)
    const settings = {
      'process.roles': 'broker,controller',
      'node.id': id,
      listeners: `PLAINTEXT://${broker},CONTROLLER://${controller}`,
      'advertised.listeners': `PLAINTEXT://${broker}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'controller.listener.names': 'CONTROLLER',
      'controller.quorum.voters': voters,
      'log.dirs': path.join(folder.path, `node-${id}`),
      'auto.create.topics.enable': false,
      'default.replication.factor': copies,
      'min.insync.replicas': copies < 3 ? 1 : 2,
      'offsets.topic.num.partitions': 3,
      'offsets.topic.replication.factor': copies,
      'group.initial.rebalance.delay.ms': 0,
      'broker.session.timeout.ms': 6_000,
      'broker.heartbeat.interval.ms': 500,
      'log.cleaner.dedupe.buffer.size': 2_097_152,
      ...settingsOf(place),
    }
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
    fs.writeFileSync(file, lines.join(''))
    const tool = ['-cp', jars, 'kafka.tools.StorageTool', 'format', '-c', file]
    await run('java', [...tool, '-t', 'c3RvYS1vd24tdGVzdC0wMQ', ...format], { timeout: patienceMs })
    return undo.use(
      createNode([...jvm, '-cp', jars, 'kafka.Kafka', file], folder.path, () =>
        waitForAll(broker, count),
      ),
    )
  }

  const [first, ...others] = await Promise.all(places.map(prepare))
  if (!first) throw new Error('Kafka needs a node')
  const nodes: OwnKafka['nodes'] = [first, ...others]
  await Promise.all(nodes.map((node) => node.start()))
  const rest = undo.move()
  return {
    environment: { KAFKA_BROKERS: brokers.join(), KAFKA_REPLICATION: String(copies) },
    nodes,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

/** The folder of Kafka's jars. */
function findJars(): string {
  const { KAFKA_HOME, STOA_BACKENDS, XDG_CACHE_HOME } = readEnvironment()
  const home = KAFKA_HOME && path.join(KAFKA_HOME, 'libs')
  if (home && fs.existsSync(home)) return home
  const cache = XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache')
  const folder = STOA_BACKENDS ?? path.join(cache, 'stoa-backends')
  const found = fs.globSync(`${folder}/kafka-*/libs`)[0]
  if (!found) {
    throw new Error(`There are no jars of Kafka: KAFKA_HOME must name the folder that holds libs`)
  }
  return found
}

function createNode(
  words: readonly string[],
  folder: string,
  untilWhole: () => Promise<void>,
): KafkaNode & AsyncDisposable {
  let running: ChildProcess | undefined
  let tail = ''

  async function kill(): Promise<void> {
    const dying = running
    running = undefined
    if (!dying) return
    dying.kill('SIGKILL')
    if (dying.exitCode === null && dying.signalCode === null) await once(dying, 'exit')
  }
  return {
    kill,
    async start() {
      running = spawn('java', words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
      for (const stream of [running.stdout, running.stderr]) {
        stream?.setEncoding('utf8').on('data', (text: string) => {
          tail = (tail + text).slice(-4_000)
        })
      }
      await once(running, 'spawn')
      await untilWhole().catch((error) => {
        throw new Error(`The broker did not come back:\n${tail}`, { cause: error })
      })
    },
    freeze: () => void running?.kill('SIGSTOP'),
    thaw: () => void running?.kill('SIGCONT'),
    [Symbol.asyncDispose]: kill,
  }
}

/** Waits until a node says itself that all nodes are there, and every partition has its copies. */
async function waitForAll(broker: string, count: number): Promise<void> {
  // A node that was asked while it died or came may never answer.
  const look = () => Promise.race([isWhole(broker, count).catch(() => false), pause(5_000, false)])
  await eventually(look, Boolean, patienceMs)
}

async function isWhole(broker: string, count: number): Promise<boolean> {
  const admin = new Admin({
    clientId: 'stoa-test',
    bootstrapBrokers: [broker],
    retries: 0,
    connectTimeout: 5_000,
  })
  try {
    const topics = await admin.listTopics()
    const { brokers, topics: known } = await admin.metadata({ topics })
    const partitions = [...known.values()].flatMap(({ partitions: all }) => all)
    return (
      brokers.size === count &&
      partitions.every(({ isr, replicas }) => isr.length === replicas.length)
    )
  } finally {
    await admin.close()
  }
}
