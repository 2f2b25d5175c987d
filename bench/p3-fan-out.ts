import { alternate, atMost, comparedFigure, plainFigure, type Row } from './lib/figure.ts'
import { connectHttp } from './lib/http.ts'
import { startPeer } from './lib/peers.ts'
import { runLoad } from './lib/processes.ts'
import { createGroupConversation, createPeople, messageSize, startStoa } from './lib/stoa.ts'
import type { FanOutInput, FanOutOutput } from './p3-fan-out-load.ts'

const members = 1_000
const perSecond = 20

export const fanOut: Row = {
  id: 'P3',
  title: 'Fan-out: one sender, a thousand members of one conversation',
  async measure({ trials, seconds }) {
    let event = ''
    const results = await alternate(
      trials,
      async () => {
        const { event: delivered, ...output } = await measureStoa(seconds)
        event = delivered
        return output
      },
      async () => {
        const { event: _, ...output } = await measureReference(seconds, event)
        return output
      },
    )
    const conditions = {
      clients: `sockets of ${members} members, the sender among them, in one load process`,
      rate: `${perSecond} messages/s, the same on both sides`,
      payload: messageSize,
      delivered: `${results[0]?.stoa.bytesPerDelivery} bytes, by the reference too`,
      durability: 'Stoa: every message on disk before its ack; bare Socket.IO: nothing stored',
      transport: 'WebSocket only, no compression, both sides',
    }
    const cost = {
      row: 'P3',
      unit: 'µs',
      trials: results,
      stoa: ({ stoa }: (typeof results)[number]) => stoa.serverMicrosecondsPerDelivery,
      conditions,
    }
    return [
      comparedFigure({
        ...cost,
        name: 'server CPU per delivery',
        reference: {
          name: 'bare Socket.IO',
          value: ({ reference }) => reference.serverMicrosecondsPerDelivery,
        },
        target: atMost(1.3),
      }),
      plainFigure({ ...cost, name: 'server CPU per delivery, stretch', target: atMost(10) }),
    ]
  },
}

async function measureStoa(seconds: number): Promise<FanOutOutput> {
  await using stoa = await startStoa()
  const [sender, ...others] = await createPeople(stoa.port, members)
  if (!sender) throw new Error('There is nobody')
  const connection = await connectHttp(stoa.port)
  const conversationId = await createGroupConversation(connection, sender, others)
  connection.close()
  return await fan({
    port: stoa.port,
    serverPid: stoa.pid,
    sender: sender.accessToken,
    members: others.map(({ accessToken }) => accessToken),
    conversationId,
    perSecond,
    seconds,
  })
}

async function measureReference(seconds: number, event: string): Promise<FanOutOutput> {
  const [, message] = JSON.parse(event.slice(event.indexOf('[')))
  await using peer = await startPeer('socket-io', { MESSAGE: JSON.stringify(message) })
  return await fan({
    port: peer.port,
    serverPid: peer.pid,
    sender: 'everybody',
    members: Array.from({ length: members - 1 }, () => 'everybody'),
    conversationId: 'everybody',
    perSecond,
    seconds,
  })
}

function fan(input: FanOutInput): Promise<FanOutOutput> {
  return runLoad(new URL('./p3-fan-out-load.ts', import.meta.url), input)
}
