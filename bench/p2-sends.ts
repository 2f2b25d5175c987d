import { alternate, atLeast, atMost, comparedFigure, plainFigure, type Row } from './lib/figure.ts'
import { startPeer } from './lib/peers.ts'
import { type Program, runLoad } from './lib/processes.ts'
import { createConversationsOfTwo, createPeople, messageSize, startStoa } from './lib/stoa.ts'
import type { SendsInput, SendsOutput } from './p2-sends-load.ts'

const people = 100

export const durableSends: Row = {
  id: 'P2',
  title: 'Durable sends: on disk before the acknowledgement',
  async measure({ trials, seconds }) {
    const results = await alternate(
      trials,
      () => measureStoa(seconds),
      () => measureReference(seconds),
    )
    const conditions = {
      senders: `${people} sockets of ${people} users in ${people / 2} conversations of two`,
      payload: messageSize,
      durability: 'Stoa: fdatasync before the ack; bare Socket.IO: nothing checked or stored',
      load: 'process of its own; rate by closed loop, latency by open loop at half that rate, counted from when each send was due',
    }
    const latencies = ['p50', 'p95', 'p99', 'max'] as const
    return [
      plainFigure({
        row: 'P2',
        name: 'acknowledged sends',
        unit: '/s',
        trials: results,
        stoa: ({ stoa }) => stoa.perSecond,
        target: atLeast(10_000),
        conditions,
      }),
      ...latencies.map((name) =>
        plainFigure({
          row: 'P2',
          name: `send to ack at half the rate, ${name}`,
          unit: 'ms',
          trials: results,
          stoa: ({ stoa }) => stoa.openLoop[name],
          ...(name === 'p99' && { target: atMost(10) }),
          conditions,
        }),
      ),
      comparedFigure({
        row: 'P2',
        name: 'server CPU per send (two deliveries each)',
        unit: 'µs',
        trials: results,
        stoa: ({ stoa }) => stoa.serverMicrosecondsPerSend,
        reference: {
          name: 'bare Socket.IO without storing',
          value: ({ reference }) => reference.serverMicrosecondsPerSend,
        },
        conditions,
      }),
    ]
  },
}

async function measureStoa(seconds: number): Promise<SendsOutput> {
  await using stoa = await startStoa()
  const users = await createPeople(stoa.port, people)
  const senders = await createConversationsOfTwo(stoa.port, users)
  return await send(stoa, senders, seconds)
}

async function measureReference(seconds: number): Promise<SendsOutput> {
  await using peer = await startPeer('socket-io')
  const senders = Array.from({ length: people }, (_, index) => {
    const room = `conversation:${Math.floor(index / 2)}`
    return { token: room, conversationId: room }
  })
  return await send(peer, senders, seconds)
}

function send(
  { port, pid: serverPid }: Program,
  senders: SendsInput['senders'],
  seconds: number,
): Promise<SendsOutput> {
  const input: SendsInput = { port, serverPid, senders, seconds }
  return runLoad(new URL('./p2-sends-load.ts', import.meta.url), input)
}
