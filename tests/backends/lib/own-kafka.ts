import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { readEnvironment } from '../../../kit/config.ts'

/** A virtual machine takes seconds to start, and a minute where many want the processor. */
const startsWithinMs = 180_000

/** A Kafka node of the test's own, to be killed and stopped without harm to anybody else. */
export type OwnKafka = AsyncDisposable & {
  brokers: string
  kill(): Promise<void>
  /** Starts it again after it was killed; settles when it answers. */
  start(): Promise<void>
  /** Holds it as it is, and lets it go on. */
  freeze(): void
  thaw(): void
}

/**
 * Runs Kafka on free ports with the jars of the folder that `STOA_BACKENDS` names, or the one in
 * the user's cache. No jars are a failure.
 */
export async function startOwnKafka(): Promise<OwnKafka> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stoa-kafka-'))
  const jars = `${findJars()}/*`
  const [port, controllerPort] = [await freePort(), await freePort()]
  const file = path.join(folder, 'server.properties')
  fs.writeFileSync(file, toProperties(path.join(folder, 'data'), port, controllerPort))
  const format = ['kafka.tools.StorageTool', 'format', '-t', 'c3RvYS1vd24tdGVzdC0wMQ', '-c', file]
  const [code] = await once(spawn('java', ['-cp', jars, ...format]), 'exit')
  if (code !== 0) throw new Error('Kafka could not format its folder')
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const memory = ['-Xms128m', '-Xmx384m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
    child = spawn('java', [...memory, '-cp', jars, 'kafka.Kafka', file], { stdio: 'ignore' })
    const giveUpAt = Date.now() + startsWithinMs
    while (!(await accepts(port))) {
      if (Date.now() > giveUpAt) throw new Error('Kafka did not start')
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill('SIGKILL')
    await gone
  }

  await start().catch(async (error) => {
    await kill()
    throw error
  })
  return {
    brokers: `127.0.0.1:${port}`,
    start,
    kill,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await kill()
      fs.rmSync(folder, { recursive: true, force: true })
    },
  }
}

function findJars(): string {
  const { STOA_BACKENDS, XDG_CACHE_HOME } = readEnvironment()
  const cache = XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache')
  const folder = STOA_BACKENDS ?? path.join(cache, 'stoa-backends')
  const found = fs.globSync(`${folder}/kafka-*/libs`)[0]
  if (!found) throw new Error(`There are no jars of Kafka in ${folder}: start the backends once`)
  return found
}

function toProperties(data: string, port: number, controllerPort: number): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'log.dirs': data,
    'auto.create.topics.enable': false,
    'offsets.topic.num.partitions': 3,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    'log.cleaner.dedupe.buffer.size': 2_097_152,
  })
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
