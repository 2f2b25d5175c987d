import { cpuSeconds } from './processes.ts'
import { connectSocket, type Socket, type SocketOptions } from './socket.ts'
import { round } from './statistics.ts'

/** What both sides of the wire used during a stretch of time. */
export type Usage = {
  seconds: number
  serverCpu: number
  serverCores: number
  generatorCores: number
}

/** Starts watching; the function it gives ends it. */
export function watchUsage(serverPid: number): () => Usage {
  const startedAt = performance.now()
  const server = cpuSeconds(serverPid)
  const own = process.cpuUsage()
  return () => {
    const seconds = (performance.now() - startedAt) / 1000
    const serverCpu = cpuSeconds(serverPid) - server
    const { user, system } = process.cpuUsage(own)
    return {
      seconds,
      serverCpu,
      serverCores: round(serverCpu / seconds, 2),
      generatorCores: round((user + system) / 1e6 / seconds, 2),
    }
  }
}

/** Opens many sockets, some at a time. */
export async function connectAll(options: readonly SocketOptions[]): Promise<Socket[]> {
  const sockets: Socket[] = []
  for (let from = 0; from < options.length; from += 50) {
    sockets.push(...(await Promise.all(options.slice(from, from + 50).map(connectSocket))))
  }
  return sockets
}

/**
 * Calls at a steady rate, whether or not what was called before has ended. Each call is told when
 * it was due: counted from there, a server that stalls cannot hide the requests it held up.
 */
export function callSteadily(
  perSecond: number,
  seconds: number,
  call: (index: number, dueAt: number) => void,
): Promise<void> {
  const total = Math.round(perSecond * seconds)
  const startedAt = performance.now()
  let index = 0
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now()
      while (index < total) {
        const dueAt = startedAt + (index * 1000) / perSecond
        if (dueAt > now) return
        call(index, dueAt)
        index += 1
      }
      clearInterval(timer)
      resolve()
    }, 1)
  })
}
