import { setTimeout as pause } from 'node:timers/promises'
import { callSteadily, connectAll } from '../lib/load.ts'
import { answerParent } from '../lib/processes.ts'
import { type Latencies, summarize } from '../lib/statistics.ts'
import { type Member, toMessage } from '../lib/stoa.ts'

export type SendsInput = {
  port: number
  senders: readonly Member[]
  perSecond: number
  seconds: number
}

export type SendsOutput = { sends: number; latency: Latencies }

/** Sends at fixed times; settles when every send has its ack. */
answerParent(async ({ port, senders, perSecond, seconds }: SendsInput): Promise<SendsOutput> => {
  const options = senders.map(({ token }) => ({ port, namespace: '/chat', token }))
  const sockets = await connectAll(options)
  const latencies: number[] = []
  let sends = 0
  await callSteadily(perSecond, seconds, (index, dueAt) => {
    const n = index % senders.length
    sends += 1
    sockets[n]?.emit('message:send', toMessage(senders[n]?.conversationId ?? ''), (answer) => {
      if (!answer.includes('"seq":')) throw new Error(`message:send was refused: ${answer}`)
      latencies.push(performance.now() - dueAt)
    })
  })
  const giveUp = performance.now() + 30_000
  while (latencies.length < sends && performance.now() < giveUp) await pause(10)
  if (latencies.length < sends) throw new Error(`${sends - latencies.length} sends had no ack`)
  // What follows a send, such as its notice in another process, is part of what it costs.
  await pause(1_000)
  for (const socket of sockets) socket.close()
  return { sends, latency: summarize(latencies) }
})
