import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { Socket } from 'socket.io'
import { expect, test } from 'vitest'
import { createGatherer } from './gathering.ts'

type Packet = { type: 'message'; data: string; options?: object }

/** A connection as Engine.IO has it, whose transport sends each packet as a frame. */
function openConnection(name = 'websocket', size = 1) {
  const writes: string[] = []
  const socket = new Writable({
    decodeStrings: false,
    write: (frame, _, done) => {
      writes.push(frame)
      done()
    },
    writev: (frames, done) => {
      writes.push(frames.map(({ chunk }) => chunk).join(' '))
      done()
    },
  })
  const transport = {
    name,
    writable: true,
    send(packets: readonly Packet[]) {
      transport.writable = false
      for (const { data } of packets) socket.write(data.repeat(size))
    },
  }
  const engine = { transport, request: { socket } }
  return { engine: engine as unknown as Socket['conn'], socket, transport, writes }
}

const answer = (data: string): Packet => ({ type: 'message', data })
const push = (data: string): Packet => ({ ...answer(data), options: { wsPreEncodedFrame: [] } })

test('what a connection is sent in one go leaves in one write, in its order', async () => {
  const gather = createGatherer()
  const [one, other] = [openConnection(), openConnection()]
  for (const { engine } of [one, other]) gather(engine)

  one.transport.send([answer('a')])
  other.transport.send([answer('x')])
  expect(one.transport.writable).toBe(true)
  await Promise.resolve()
  one.transport.send([push('b')])
  one.transport.send([answer('c'), answer('d')])
  expect(one.writes).toEqual([])
  await setImmediate()
  one.transport.send([answer('e')])
  await setImmediate()

  expect(one.writes).toEqual(['a b c d', 'e'])
  expect(other.writes).toEqual(['x'])
})

test('what goes to many leaves at once', () => {
  const { engine, transport, writes } = openConnection()
  createGatherer()(engine)

  transport.send([push('a')])

  expect(writes).toEqual(['a'])
})

test('a connection whose reader is behind is given no more', () => {
  const { engine, transport } = openConnection('websocket', 100_000)
  createGatherer()(engine)

  transport.send([answer('a')])

  expect(transport.writable).toBe(false)
})

test('an end while frames are gathered lets them out first', async () => {
  const { engine, socket, transport, writes } = openConnection()
  createGatherer()(engine)

  transport.send([answer('a')])
  socket.end()
  await setImmediate()

  expect(writes).toEqual(['a'])
})

test('other transports are left as they are', () => {
  const { engine, transport, writes } = openConnection('polling')
  const { send } = transport
  createGatherer()(engine)

  expect(transport.send).toBe(send)
  expect(writes).toEqual([])
})
