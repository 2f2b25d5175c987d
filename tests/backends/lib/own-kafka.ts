import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { readEnvironment } from '../../../kit/config.ts'
import { freePort } from '../../lib/ports.ts'

const run = promisify(execFile)

/** A virtual machine takes seconds to start, and a minute where many want the processor. */
const startsWithinMs = 180_000

/** A Kafka node of the test's own, to be killed and stopped without harm to anybody else. */
export type OwnKafka = AsyncDisposable & {
  brokers: string
  /** Where it takes only who comes by TLS and signs in, and the authority that it has of itself. */
  secured: { brokers: string; authorityFile: string }
  kill(): Promise<void>
  /** Starts it again after it was killed; settles when it answers. */
  start(): Promise<void>
  /** Holds it as it is, and lets it go on. */
  freeze(): void
  thaw(): void
}

/** The one who may sign in, by every mechanism. */
export const user = { name: 'stoa', password: 'sesame' }

/**
 * Runs Kafka on free ports with the jars of `KAFKA_HOME`, or those in the folder that
 * `STOA_BACKENDS` names, or the one in the user's cache. No jars are a failure.
 */
export async function startOwnKafka(): Promise<OwnKafka> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stoa-kafka-'))
  const jars = `${findJars()}/*`
  const ports = {
    open: await freePort(),
    secured: await freePort(),
    controller: await freePort(),
  }
  const file = path.join(folder, 'server.properties')
  fs.writeFileSync(file, toProperties(folder, ports))
  const authorityFile = await createCertificate(folder)
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${user.name},password=${user.password}]`,
  ])
  const format = ['format', '-t', 'c3RvYS1vd24tdGVzdC0wMQ', '-c', file, ...scram]
  await run('java', ['-cp', jars, 'kafka.tools.StorageTool', ...format])
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const memory = ['-Xms128m', '-Xmx384m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
    child = spawn('java', [...memory, '-cp', jars, 'kafka.Kafka', file], { stdio: 'ignore' })
    const giveUpAt = Date.now() + startsWithinMs
    while (!(await accepts(ports.open))) {
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
    brokers: `127.0.0.1:${ports.open}`,
    secured: { brokers: `127.0.0.1:${ports.secured}`, authorityFile },
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

/** The folder of Kafka's jars. */
export function findJars(): string {
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

/** A key of the broker's own, and a certificate that vouches for itself. */
async function createCertificate(folder: string): Promise<string> {
  const store = ['-keystore', path.join(folder, 'keys.p12'), '-storepass', user.password]
  const names = ['-dname', 'CN=127.0.0.1', '-ext', 'san=ip:127.0.0.1']
  const pair = ['-genkeypair', '-alias', 'kafka', '-keyalg', 'RSA', '-storetype', 'PKCS12']
  await run('keytool', [...pair, ...names, ...store])
  const authorityFile = path.join(folder, 'authority.pem')
  await run('keytool', ['-exportcert', '-rfc', '-alias', 'kafka', '-file', authorityFile, ...store])
  return authorityFile
}

type Ports = Record<'open' | 'secured' | 'controller', number>

function toProperties(folder: string, ports: Ports): string {
  const outside = `PLAINTEXT://127.0.0.1:${ports.open},SECURED://127.0.0.1:${ports.secured}`
  const modules = 'org.apache.kafka.common.security'
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    listeners: `${outside},CONTROLLER://127.0.0.1:${ports.controller}`,
    'advertised.listeners': outside,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SECURED:SASL_SSL,CONTROLLER:PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.secured.plain.sasl.jaas.config': `${modules}.plain.PlainLoginModule required user_${user.name}="${user.password}";`,
    'listener.name.secured.scram-sha-256.sasl.jaas.config': `${modules}.scram.ScramLoginModule required;`,
    'listener.name.secured.scram-sha-512.sasl.jaas.config': `${modules}.scram.ScramLoginModule required;`,
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': path.join(folder, 'keys.p12'),
    'ssl.keystore.password': user.password,
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    'log.dirs': path.join(folder, 'data'),
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
