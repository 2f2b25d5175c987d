import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Admin } from '@platformatic/kafka'
import { eventually, temporaryFolder } from '../../../kit/testing.ts'
import { findJars } from '../../backends/lib/own-kafka.ts'
import { freePort } from '../../lib/ports.ts'

const patienceMs = 300_000
const jvm = [
  '-Xms128m',
  '-Xmx384m',
  // It starts again and again, and shares the machine.
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
]

/** Kafka of a script's own: it can be killed without disturbing anybody. */
export type OwnKafka = AsyncDisposable & {
  /** What the product is told of it. */
  environment: Record<string, string>
  nodes: readonly KafkaNode[]
}

export type KafkaNode = {
  /** Kills it without a word. */
  kill(): Promise<void>
  /** Starts it again; settles when it takes part again, with all copies up to date. */
  start(): Promise<void>
}

/** One node, or three that keep three copies of everything. */
export async function startKafka(count: number): Promise<OwnKafka> {
  await using undo = new AsyncDisposableStack()
  const folder = undo.use(temporaryFolder())
  const libraries = findJars()
  const addresses = await Promise.all(
    Array.from({ length: count }, async (_, n) => ({
      id: n + 1,
      broker: `127.0.0.1:${await freePort()}`,
      controller: `127.0.0.1:${await freePort()}`,
    })),
  )
  const voters = addresses.map(({ id, controller }) => `${id}@${controller}`).join()
  const brokers = addresses.map(({ broker }) => broker)
  const copies = count < 3 ? 1 : 3
  const java = (...words: string[]) => ['-cp', `${libraries}/*`, ...words]

  const nodes = await Promise.all(
    addresses.map(async ({ id, broker, controller }) => {
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
      }
      const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
      fs.writeFileSync(file, lines.join(''))
      const format = ['kafka.tools.StorageTool', 'format', '-t', 'c3RvYS1jaGFvcy0wMDAwMQ']
      await promisify(execFile)('java', java(...format, '-c', file), { timeout: patienceMs })
      return undo.use(
        createNode(java(...jvm, 'kafka.Kafka', file), folder.path, () => waitForAll(broker, count)),
      )
    }),
  )
  await Promise.all(nodes.map((node) => node.start()))
  const rest = undo.move()
  return {
    environment: { KAFKA_BROKERS: brokers.join(), KAFKA_REPLICATION: String(copies) },
    nodes,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
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
    clientId: 'stoa-chaos',
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
