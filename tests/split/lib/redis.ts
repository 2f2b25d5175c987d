import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createLog } from '../../../kit/log.ts'
import { createMetrics } from '../../../kit/metrics.ts'
import { openSharedMemory } from '../../../kit/redis/redis.ts'
import { createSharedWindows } from '../../../kit/redis/windows.ts'
import type { Certificate } from '../../lib/certificate.ts'
import { freePort } from '../../lib/ports.ts'

/** A Redis of the test's own, which can be stopped without disturbing anybody. */
export type OwnRedis = AsyncDisposable & {
  url: string
  start(): Promise<void>
  /** Kills it; what was in it is gone. */
  stop(): Promise<void>
  /** Makes it deaf, or lets it hear again. */
  freeze(): void
  thaw(): void
  /** What one gateway has of it. */
  connect(): ReturnType<typeof connectTo>
}

/** With a certificate it takes nobody who does not come by TLS. */
export async function createRedis(certificate?: Certificate): Promise<OwnRedis> {
  const port = await freePort()
  const url = `${certificate ? 'rediss' : 'redis'}://127.0.0.1:${port}`
  const listens = certificate ? secure(port, certificate) : ['--port', String(port)]
  const opened: { close(): void }[] = []
  let server: ChildProcess | undefined

  async function stop(): Promise<void> {
    const stopping = server
    server = undefined
    if (!stopping) return
    stopping.kill('SIGKILL')
    if (stopping.exitCode === null && stopping.signalCode === null) await once(stopping, 'exit')
  }
  return {
    url,
    async start() {
      const words = [...listens, '--bind', '127.0.0.1', '--save', '']
      server = spawn('redis-server', words, { stdio: 'ignore' })
      await once(server, 'spawn')
    },
    stop,
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
    connect() {
      const connected = connectTo(url)
      opened.push(connected)
      return connected
    },
    async [Symbol.asyncDispose]() {
      for (const each of opened) each.close()
      await stop()
    },
  }
}

/** Words that open a port by TLS alone, for everybody. */
function secure(port: number, { keyFile, certificateFile }: Certificate): string[] {
  const files = ['--tls-key-file', keyFile, '--tls-cert-file', certificateFile]
  return ['--port', '0', '--tls-port', String(port), ...files, '--tls-auth-clients', 'no']
}

function connectTo(url: string) {
  const metrics = createMetrics()
  const memory = openSharedMemory({ url, log: createLog('silent'), metrics })
  return {
    windows: createSharedWindows(memory, 'test'),
    available: memory.available,
    close: memory.close,
    /** What Prometheus is told. */
    async isUp() {
      const metric = await metrics.registry.getSingleMetric('stoa_redis_up')?.get()
      return metric?.values[0]?.value
    },
  }
}
