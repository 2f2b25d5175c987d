import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../../kit/testing.ts'
import type { RabbitServer } from './rabbitmq.ts'

const execute = promisify(execFile)
/** Where Debian keeps the scripts that run as whoever calls them. */
const scripts = '/usr/lib/rabbitmq/bin'

export type OwnRabbitServer = RabbitServer &
  AsyncDisposable & {
    /** The broker's own command, for what only its admin can do. */
    ctl(...words: string[]): Promise<unknown>
    /** Ends every connection, from the broker's side. */
    breakConnections(): Promise<unknown>
  }

/** A RabbitMQ of a test's own, to be stopped and starved without harm to other tests. */
export async function startRabbitServer(): Promise<OwnRabbitServer> {
  const folder = temporaryFolder()
  const [port, distributionPort] = [await findFreePort(), await findFreePort()]
  const node = `stoa-${port}@localhost`
  const file = (name: string, text: string) => {
    const whole = path.join(folder.path, name)
    fs.writeFileSync(whole, text)
    return whole
  }
  const environment = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: folder.path,
    RABBITMQ_NODENAME: node,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: path.join(folder.path, 'mnesia'),
    RABBITMQ_LOG_BASE: path.join(folder.path, 'log'),
    RABBITMQ_PID_FILE: path.join(folder.path, 'pid'),
    RABBITMQ_CONFIG_FILE: file('rabbitmq.conf', ''),
    RABBITMQ_ENABLED_PLUGINS_FILE: file('enabled_plugins', '[].'),
  }
  const server = spawn(path.join(scripts, 'rabbitmq-server'), {
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const started = Promise.withResolvers<void>()
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
      if (output.includes('completed with')) started.resolve()
    })
  }
  const ended = once(server, 'exit')
  await Promise.race([
    started.promise,
    ended.then(() => Promise.reject(new Error(`RabbitMQ did not start:\n${output}`))),
  ])
  const ctl = (...words: string[]) =>
    execute(path.join(scripts, 'rabbitmqctl'), ['--quiet', '--node', node, ...words], {
      env: environment,
      timeout: 60_000,
    })
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    ctl,
    breakConnections: () => ctl('close_all_connections', '--vhost', '/', 'by the test'),
    async [Symbol.asyncDispose]() {
      // The whole group: the script has started the server as a process of its own.
      if (server.pid) process.kill(-server.pid, 'SIGKILL')
      await ended
      folder[Symbol.dispose]()
    },
  }
}

async function findFreePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as net.AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
