import { randomBytes } from 'node:crypto'
import net from 'node:net'

/**
 * A Socket.IO client reduced to what a load needs: WebSocket only, text packets, acks. It costs a
 * fraction of socket.io-client, because load and server share the machine.
 */
export type Socket = {
  /** Sends an event; `data` is JSON text, `ack` gets the answer's JSON text. */
  emit(event: string, data: string, ack?: (answer: string) => void): void
  close(): void
}

export type SocketOptions = {
  port: number
  namespace: string
  token: string
  /** Gets every event as the bytes of its packet, `42/chat,["name",…]`: many are only counted. */
  onEvent?: (packet: Buffer) => void
}

type Frame = { opcode: number; start: number; end: number }

export function connectSocket(options: SocketOptions): Promise<Socket> {
  const { port, namespace, token, onEvent } = options
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const stream = net.connect({ port, host: '127.0.0.1', noDelay: true })
  const acks = new Map<string, (answer: string) => void>()
  const at = namespace === '/' ? '' : `${namespace},`
  const connected = `40${at}`
  const refused = `44${at}`
  const eventStart = `42${at}`
  const ackStart = `43${at}`
  let lastAck = 0
  let upgraded = false
  let rest: Buffer = Buffer.alloc(0)

  const socket: Socket = {
    emit(event, data, ack) {
      let id = ''
      if (ack) {
        lastAck += 1
        id = String(lastAck)
        acks.set(id, ack)
      }
      stream.write(toFrame(`${eventStart}${id}["${event}",${data}]`))
    },
    close() {
      stream.destroy()
    },
  }

  stream.on('connect', () => {
    stream.write(
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    )
  })
  stream.on('error', reject)
  stream.on('close', () => reject(new Error('The server closed the socket')))
  stream.on('data', (chunk) => {
    let data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    if (!upgraded) {
      const end = data.indexOf('\r\n\r\n')
      if (end < 0) {
        rest = data
        return
      }
      const head = data.toString('latin1', 0, end)
      if (!head.startsWith('HTTP/1.1 101')) return void stream.destroy(new Error(head))
      upgraded = true
      data = data.subarray(end + 4)
    }
    let offset = 0
    for (let frame = readFrame(data, 0); frame; frame = readFrame(data, offset)) {
      offset = frame.end
      receive(data, frame)
    }
    rest = data.subarray(offset)
  })

  function receive(data: Buffer, { opcode, start, end }: Frame): void {
    if (opcode === 9) return void stream.write(toFrame(data.toString('utf8', start, end), 10))
    if (opcode !== 1) return
    const isEvent = data[start] === 0x34 && data[start + 1] === 0x32
    if (isEvent) return void onEvent?.(data.subarray(start, end))
    const packet = data.toString('utf8', start, end)
    if (packet.startsWith(ackStart)) acknowledge(packet)
    else if (packet === '2') stream.write(toFrame('3'))
    else if (packet.startsWith('0')) stream.write(toFrame(`40${at}${JSON.stringify({ token })}`))
    else if (packet.startsWith(connected)) resolve(socket)
    else if (packet.startsWith(refused)) stream.destroy(new Error(packet))
  }

  function acknowledge(packet: string): void {
    const bracket = packet.indexOf('[', ackStart.length)
    const id = packet.slice(ackStart.length, bracket)
    const ack = acks.get(id)
    acks.delete(id)
    ack?.(packet.slice(bracket + 1, -1))
  }

  return promise
}

/** A client frame must be masked; a key of zeros leaves the text as it is. */
function toFrame(text: string, opcode = 1): Buffer {
  const length = Buffer.byteLength(text)
  const short = length < 126
  const frame = Buffer.allocUnsafe((short ? 6 : 8) + length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (short ? length : 126)
  if (!short) frame.writeUInt16BE(length, 2)
  frame.fill(0, short ? 2 : 4, short ? 6 : 8)
  frame.write(text, short ? 6 : 8)
  return frame
}

/** Finds the frame at an offset, if all of it has arrived; servers do not mask. */
function readFrame(data: Buffer, offset: number): Frame | undefined {
  const first = data[offset]
  const second = data[offset + 1]
  if (first === undefined || second === undefined) return undefined
  let start = offset + 2
  let length = second & 0x7f
  if (length === 126) {
    if (data.length < start + 2) return undefined
    length = data.readUInt16BE(start)
    start += 2
  } else if (length === 127) {
    if (data.length < start + 8) return undefined
    length = Number(data.readBigUInt64BE(start))
    start += 8
  }
  const end = start + length
  return end <= data.length ? { opcode: first & 0x0f, start, end } : undefined
}
