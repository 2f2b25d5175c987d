import { setTimeout as pause } from 'node:timers/promises'
import { callSteadily, connectAll, type Usage, watchUsage } from './lib/load.ts'
import { answerParent } from './lib/processes.ts'
import { connectSocket } from './lib/socket.ts'
import { round } from './lib/statistics.ts'
import { toMessage } from './lib/stoa.ts'

export type FanOutInput = {
  port: number
  serverPid: number
  sender: string
  members: readonly string[]
  conversationId: string
  perSecond: number
  seconds: number
}

export type FanOutOutput = {
  serverMicrosecondsPerDelivery: number
  deliveriesPerSecond: number
  bytesPerDelivery: number
  /** One event as it arrived, for a reference that shall send the same bytes. */
  event: string
  usage: Omit<Usage, 'seconds'>
}

answerParent(async (input: FanOutInput): Promise<FanOutOutput> => {
  const { port, serverPid, members, conversationId, perSecond, seconds } = input
  let deliveries = 0
  let last: Buffer = Buffer.alloc(0)
  function onEvent(packet: Buffer): void {
    if (!packet.includes('"message:new"')) return
    deliveries += 1
    last = packet
  }
  const receivers = await connectAll(
    members.map((token) => ({ port, namespace: '/chat', token, onEvent })),
  )
  const sender = await connectSocket({ port, namespace: '/chat', token: input.sender, onEvent })
  let sent = 0
  let acks = 0
  function send(): void {
    sent += 1
    sender.emit('message:send', toMessage(conversationId), (answer) => {
      if (!answer.includes('"seq":')) throw new Error(`message:send was refused: ${answer}`)
      acks += 1
    })
  }

  await callSteadily(perSecond, 3, send)
  await everythingDelivered()
  const stopWatching = watchUsage(serverPid)
  const before = deliveries
  await callSteadily(perSecond, seconds, send)
  await everythingDelivered()
  const { seconds: measured, ...usage } = stopWatching()
  const counted = deliveries - before
  const event = last.toString()
  for (const socket of [sender, ...receivers]) socket.close()
  return {
    serverMicrosecondsPerDelivery: round((usage.serverCpu / counted) * 1e6, 2),
    deliveriesPerSecond: round(counted / measured, 0),
    bytesPerDelivery: Buffer.byteLength(event),
    event,
    usage,
  }

  async function everythingDelivered(): Promise<void> {
    const giveUp = performance.now() + 10_000
    const expected = () => sent * (receivers.length + 1)
    while (acks < sent || deliveries < expected()) {
      if (performance.now() > giveUp) {
        throw new Error(`${deliveries} of ${expected()} deliveries arrived`)
      }
      await pause(5)
    }
  }
})
