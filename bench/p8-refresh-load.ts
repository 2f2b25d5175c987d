import { setTimeout as pause } from 'node:timers/promises'
import { connectHttp } from './lib/http.ts'
import { type Usage, watchUsage } from './lib/load.ts'
import { answerParent } from './lib/processes.ts'
import { type Latencies, round, summarize } from './lib/statistics.ts'

export type RefreshInput = {
  port: number
  serverPid: number
  refreshTokens: readonly string[]
  seconds: number
}

export type RefreshOutput = {
  perSecond: number
  serverMicrosecondsPerRefresh: number
  latency: Latencies
  usage: Omit<Usage, 'seconds'>
}

answerParent(async (input: RefreshInput): Promise<RefreshOutput> => {
  const { port, serverPid, refreshTokens, seconds } = input
  const latencies: number[] = []
  let stopping = false
  const loops = refreshTokens.map(async (first) => {
    const connection = await connectHttp(port)
    let refreshToken = first
    while (!stopping) {
      const sentAt = performance.now()
      const body = JSON.stringify({ refreshToken })
      const reply = await connection.request('POST', '/api/v1/auth/refresh', {}, body)
      if (reply.status !== 200) throw new Error(`${reply.status} ${reply.body}`)
      const rotated = JSON.parse(reply.body).refreshToken
      if (rotated === refreshToken) throw new Error('The refresh token was not replaced')
      refreshToken = rotated
      latencies.push(performance.now() - sentAt)
    }
    connection.close()
  })
  const ended = Promise.all(loops)

  await Promise.race([pause(2_000), ended])
  const stopWatching = watchUsage(serverPid)
  const from = latencies.length
  await Promise.race([pause(seconds * 1000), ended])
  const counted = latencies.slice(from)
  const { seconds: measured, ...usage } = stopWatching()
  stopping = true
  await ended
  return {
    perSecond: round(counted.length / measured, 0),
    serverMicrosecondsPerRefresh: round((usage.serverCpu / counted.length) * 1e6, 1),
    latency: summarize(counted),
    usage,
  }
})
