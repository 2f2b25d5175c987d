import { callSteadily, connectAll } from './lib/load.ts'
import { answerParent } from './lib/processes.ts'
import { type Member, toMessage } from './lib/stoa.ts'

export type ChatInput = {
  port: number
  /** Neighbours share a conversation. */
  chatters: readonly Member[]
  perSecond: number
  seconds: number
}

/** When a message was due (milliseconds since 1970), and how long after that it was delivered. */
export type Delivery = { dueAt: number; ms: number }

answerParent(async (input: ChatInput): Promise<Delivery[]> => {
  const { port, chatters, perSecond, seconds } = input
  const deliveries: Delivery[] = []
  const underWay = new Map<string, { sender: number; dueAt: number }>()
  const sockets = await connectAll(
    chatters.map(({ token }, receiver) => ({
      port,
      namespace: '/chat',
      token,
      onEvent(packet: Buffer) {
        if (!packet.includes('"message:new"')) return
        const [, uuid = ''] = /"uuid":"([^"]+)"/.exec(packet.toString()) ?? []
        const message = underWay.get(uuid)
        if (!message || message.sender === receiver) return
        underWay.delete(uuid)
        const { dueAt } = message
        deliveries.push({ dueAt: performance.timeOrigin + dueAt, ms: performance.now() - dueAt })
      },
    })),
  )
  await callSteadily(perSecond, seconds, (index, dueAt) => {
    const sender = index % sockets.length
    const text = toMessage(chatters[sender]?.conversationId ?? '')
    underWay.set(JSON.parse(text).uuid, { sender, dueAt })
    sockets[sender]?.emit('message:send', text)
  })
  const giveUp = performance.now() + 10_000
  while (underWay.size > 0) {
    if (performance.now() > giveUp) throw new Error(`${underWay.size} messages never arrived`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  for (const socket of sockets) socket.close()
  return deliveries
})
