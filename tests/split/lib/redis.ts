import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createLog } from '../../../kit/log.ts'
import { createMetrics } from '../../../kit/metrics.ts'
import { openSharedMemory } from '../../../kit/redis/redis.ts'
import { createSharedWindows } from '../../../kit/redis/windows.ts'
import { freePort } from '../../lib/ports.ts'

/** A Redis of the test's own, which can be stopped without disturbing anybody. */
export type OwnRedis = AsyncDisposable & {
  start(): Promise<void>
  /** Kills it; what was in it is gone. */
  stop(): Promise<void>
  /** Makes it deaf, or lets it hear again. */
  freeze(): void
  thaw(): void
  /** What one gateway has of it. */
  connect(): ReturnType<typeof connectTo>
}

export async function createRedis(): Promise<OwnRedis> {
  const port = await freePort()
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
    async start() {
      const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '']
      server = spawn('redis-server', words, { stdio: 'ignore' })
      await once(server, 'spawn')
    },
    stop,
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
    connect() {
      const connected = connectTo(port)
      opened.push(connected)
      return connected
    },
    async [Symbol.asyncDispose]() {
      for (const each of opened) each.close()
      await stop()
    },
  }
}

function connectTo(port: number) {
  const metrics = createMetrics()
  const url = `redis://127.0.0.1:${port}`
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
