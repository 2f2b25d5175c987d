import { setTimeout as pause } from 'node:timers/promises'
import { callSteadily, connectAll, type Usage, watchUsage } from './lib/load.ts'
import { answerParent } from './lib/processes.ts'
import type { Socket } from './lib/socket.ts'
import { type Latencies, round, summarize } from './lib/statistics.ts'
import { type Member, toMessage } from './lib/stoa.ts'

export type SendsInput = {
  port: number
  serverPid: number
  senders: readonly Member[]
  seconds: number
}

export type SendsOutput = {
  perSecond: number
  deliveriesPerSecond: number
  serverMicrosecondsPerSend: number
  closedLoop: Omit<Usage, 'seconds'>
  openLoopPerSecond: number
  openLoop: Latencies
}

type Sender = { socket: Socket; conversationId: string }

answerParent(async ({ port, serverPid, senders, seconds }: SendsInput): Promise<SendsOutput> => {
  let deliveries = 0
  const sockets = await connectAll(
    senders.map(({ token }) => ({
      port,
      namespace: '/chat',
      token,
      onEvent(packet) {
        if (packet.includes('"message:new"')) deliveries += 1
      },
    })),
  )
  const ready = sockets.map((socket, index) => ({
    socket,
    conversationId: senders[index]?.conversationId ?? '',
  }))

  const sending = startClosedLoop(ready)
  await pause(2_000)
  const stopWatching = watchUsage(serverPid)
  const before = { acks: sending.acks(), deliveries }
  await pause(seconds * 1000)
  const acks = sending.acks() - before.acks
  const delivered = deliveries - before.deliveries
  const { seconds: measured, ...usage } = stopWatching()
  await sending.stop()

  const perSecond = acks / measured
  const openLoopPerSecond = Math.round(perSecond / 2)
  const openLoop = await measureOpenLoop(ready, openLoopPerSecond, seconds)
  for (const { socket } of ready) socket.close()
  return {
    perSecond: round(perSecond, 0),
    deliveriesPerSecond: round(delivered / measured, 0),
    serverMicrosecondsPerSend: round((usage.serverCpu / acks) * 1e6, 1),
    closedLoop: usage,
    openLoopPerSecond,
    openLoop,
  }
})

/** Each sender sends its next message when the last is acknowledged. */
function startClosedLoop(senders: readonly Sender[]) {
  let acks = 0
  let stopping = false
  const loops = senders.map(async (sender) => {
    while (!stopping) {
      await new Promise<void>((resolve) => send(sender, resolve))
      acks += 1
    }
  })
  return {
    acks: () => acks,
    async stop() {
      stopping = true
      await Promise.all(loops)
    },
  }
}

async function measureOpenLoop(
  senders: readonly Sender[],
  perSecond: number,
  seconds: number,
): Promise<Latencies> {
  const latencies: number[] = []
  let sent = 0
  await callSteadily(perSecond, seconds, (index, dueAt) => {
    const sender = senders[index % senders.length]
    if (!sender) return
    sent += 1
    send(sender, () => latencies.push(performance.now() - dueAt))
  })
  const giveUp = performance.now() + 10_000
  while (latencies.length < sent && performance.now() < giveUp) await pause(10)
  if (latencies.length < sent) throw new Error(`${sent - latencies.length} sends had no ack`)
  return summarize(latencies)
}

function send({ socket, conversationId }: Sender, done: () => void): void {
  socket.emit('message:send', toMessage(conversationId), (answer) => {
    if (!answer.includes('"seq":')) throw new Error(`message:send was refused: ${answer}`)
    done()
  })
}
