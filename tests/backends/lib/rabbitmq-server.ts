import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../../kit/testing.ts'
import type { Certificate } from '../../lib/certificate.ts'
import { freePort } from '../../lib/ports.ts'
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

/**
 * A RabbitMQ of a test's own, to be stopped and starved without harm to other tests. With a
 * certificate it takes nobody who does not come by TLS.
 */
export async function startRabbitServer(certificate?: Certificate): Promise<OwnRabbitServer> {
  const folder = temporaryFolder()
  const [port, distributionPort] = [await freePort(), await freePort()]
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
    // These would open a listener beside the one of the settings.
    ...(!certificate && {
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(port),
    }),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: path.join(folder.path, 'mnesia'),
    RABBITMQ_LOG_BASE: path.join(folder.path, 'log'),
    RABBITMQ_PID_FILE: path.join(folder.path, 'pid'),
    RABBITMQ_CONFIG_FILE: file('rabbitmq.conf', certificate ? secure(port, certificate) : ''),
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
    url: `${certificate ? 'amqps' : 'amqp'}://guest:guest@127.0.0.1:${port}`,
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

/** Settings of a server that listens by TLS alone. */
function secure(port: number, { keyFile, certificateFile }: Certificate): string {
  return Object.entries({
    'listeners.tcp': 'none',
    'listeners.ssl.default': `127.0.0.1:${port}`,
    'ssl_options.certfile': certificateFile,
    'ssl_options.keyfile': keyFile,
    'ssl_options.verify': 'verify_none',
  })
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('')
}
