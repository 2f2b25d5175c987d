import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openConformance } from './conformance.ts'

const server = http.createServer((_request, response) => response.writeHead(404).end())
let conformance: { close(): void }
let address = ''

beforeAll(async () => {
  conformance = openConformance(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  conformance.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

type Frame = string | number[]
type Line = {
  raw: WebSocket
  closed: Promise<unknown>
  send(...frames: Frame[]): void
  /** The next frame, pings included. */
  next(): Promise<Frame>
  /** The next frame that is no ping; pings are answered. */
  read(): Promise<Frame>
}

/** A WebSocket without any client library: frames in, frames out. */
function connect(path: string): Line {
  const raw = new WebSocket(`ws://${address}${path}`)
  raw.binaryType = 'arraybuffer'
  const frames: Frame[] = []
  const readers: ((frame: Frame) => void)[] = []
  raw.addEventListener('message', ({ data }) => {
    const frame = typeof data === 'string' ? data : [...new Uint8Array(data)]
    const reader = readers.shift()
    if (reader) reader(frame)
    else frames.push(frame)
  })
  raw.addEventListener('error', () => {})
  const next = () => {
    const frame = frames.shift()
    return frame === undefined
      ? new Promise<Frame>((resolve) => readers.push(resolve))
      : Promise.resolve(frame)
  }
  return {
    raw,
    closed: new Promise((resolve) => raw.addEventListener('close', resolve)),
    send(...given: Frame[]) {
      for (const frame of given)
        raw.send(typeof frame === 'string' ? frame : Uint8Array.from(frame))
    },
    async read() {
      for (;;) {
        const frame = await next()
        if (frame !== '2') return frame
        raw.send('3')
      }
    },
    next,
  }
}

const engine = '/engine.io/?EIO=4&transport='
const sockets = '/socket.io/?EIO=4&transport='

async function poll(path: string, body?: string) {
  const answer = await fetch(
    `http://${address}${path}`,
    body === undefined ? {} : { method: 'POST', body },
  )
  return { status: answer.status, text: await answer.text() }
}

async function openPolling(path: string): Promise<string> {
  const { text } = await poll(`${path}polling`)
  return `${path}polling&sid=${JSON.parse(text.slice(1)).sid}`
}

describe.each([
  ['Engine.IO', engine],
  ['Socket.IO', sockets],
])('%s: the handshake', (_name, path) => {
  const handshake = {
    sid: expect.any(String),
    pingInterval: 300,
    pingTimeout: 200,
    maxPayload: 1_000_000,
  }

  test('opens a session over either transport, and only polling can be upgraded', async () => {
    const { status, text } = await poll(`${path}polling`)
    expect(status).toBe(200)
    expect(text[0]).toBe('0')
    expect(JSON.parse(text.slice(1))).toEqual({ ...handshake, upgrades: ['websocket'] })

    const line = connect(`${path}websocket`)
    const open = String(await line.read())
    expect(open[0]).toBe('0')
    expect(JSON.parse(open.slice(1))).toEqual({ ...handshake, upgrades: [] })
    line.raw.close()
  })

  test('refuses a wrong protocol, transport, session or method', async () => {
    const base = path.slice(0, path.indexOf('?'))
    for (const query of [
      '?transport=polling',
      '?EIO=abc&transport=polling',
      '?EIO=4',
      '?EIO=4&transport=abc',
      '?EIO=4&transport=polling&sid=unknown',
    ]) {
      expect((await poll(base + query)).status, query).toBe(400)
      await connect(base + query.replace('polling', 'websocket')).closed
    }
    for (const method of ['POST', 'PUT']) {
      const answer = await fetch(`http://${address}${path}polling`, { method })
      expect(answer.status).toBe(400)
    }
  })

  test('pings every 300 ms, and closes 200 ms after a ping without pong', async () => {
    const line = connect(`${path}websocket`)
    await line.next()
    for (let round = 0; round < 2; round++) {
      expect(await line.next()).toBe('2')
      line.send('3')
    }
    const silentSince = Date.now()
    await line.closed
    expect(Date.now() - silentSince).toBeGreaterThanOrEqual(450)
  })

  test('closes when told to', async () => {
    const line = connect(`${path}websocket`)
    await line.read()
    line.send('1')
    await line.closed

    const session = await openPolling(path)
    const [held] = await Promise.all([poll(session), poll(session, '1')])
    expect(held).toEqual({ status: 200, text: '6' })
    expect((await poll(session)).status).toBe(400)
  })

  test('upgrades to WebSocket once, and the old transport is over', async () => {
    const session = await openPolling(path)
    const upgraded = session.replace('polling', 'websocket')
    const line = connect(upgraded)
    await new Promise((resolve) => line.raw.addEventListener('open', resolve))
    line.send('2probe')
    expect(await line.read()).toBe('3probe')
    expect(await poll(session)).toEqual({ status: 200, text: '6' })
    line.send('5')
    expect((await poll(session)).status).toBe(400)
    await connect(upgraded).closed
    expect(line.raw.readyState).toBe(WebSocket.OPEN)
    line.raw.close()
  })
})

describe('Engine.IO: messages', () => {
  test('several packets of text and bytes travel in one payload', async () => {
    const session = await openPolling(engine)
    for (const payload of ['4hello', '4one\x1e4two\x1e4three', '4hello\x1ebAQIDBA==']) {
      expect(await poll(session, payload)).toEqual({ status: 200, text: 'ok' })
      expect(await poll(session)).toEqual({ status: 200, text: payload })
    }
  })

  test('frames of text and bytes come back as they are', async () => {
    const line = connect(`${engine}websocket`)
    await line.read()
    line.send('4hello', [1, 2, 3, 4])
    expect(await line.read()).toBe('4hello')
    expect(await line.read()).toEqual([1, 2, 3, 4])
    line.raw.close()
  })

  test('a packet of unknown type ends the session', async () => {
    const line = connect(`${engine}websocket`)
    await line.read()
    line.send('abc')
    await line.closed

    const session = await openPolling(engine)
    await poll(session, 'abc').catch(() => undefined)
    expect((await poll(session)).status).toBe(400)
  })

  test('two polls at once end the session', async () => {
    const session = await openPolling(engine)
    const first = poll(session)
    await new Promise((resolve) => setImmediate(resolve))
    const second = await poll(session)
    expect([400, 500]).toContain(second.status)
    expect(await first).toEqual({ status: 200, text: '1' })
    expect((await poll(session)).status).toBe(400)
  })

  test('a poll that its client gives up ends the session', async () => {
    const session = await openPolling(engine)
    const request = http.get(`http://${address}${session}`).on('error', () => {})
    const [, response] = await once(server, 'request')
    request.destroy()
    await once(response, 'close')
    expect((await poll(session)).status).toBe(400)
  })
})

describe('Socket.IO: packets', () => {
  async function open(connectPacket = '40'): Promise<Line> {
    const line = connect(`${sockets}websocket`)
    await line.read()
    line.send(connectPacket)
    return line
  }

  /** Connected to the main namespace, whose greeting is read. */
  async function enter(): Promise<Line> {
    const line = await open()
    await line.read()
    await line.read()
    return line
  }

  test.each([
    ['40', '40', '{}'],
    ['40{"token":"123"}', '40', '{"token":"123"}'],
    ['40/custom,', '40/custom,', '{}'],
    ['40/custom,{"token":"abc"}', '40/custom,', '{"token":"abc"}'],
  ])('CONNECT %s is answered with an id', async (packet, prefix, auth) => {
    const line = await open(packet)
    const answer = String(await line.read())
    expect(answer.startsWith(prefix)).toBe(true)
    expect(JSON.parse(answer.slice(prefix.length))).toEqual({ sid: expect.any(String) })
    expect(await line.read()).toBe(`${prefix.replace('40', '42')}["auth",${auth}]`)
    line.raw.close()
  })

  test('CONNECT to an unknown namespace is refused', async () => {
    const line = await open('40/random')
    expect(await line.read()).toBe('44/random,{"message":"Invalid namespace"}')
    line.raw.close()
  })

  test('DISCONNECT leaves one namespace and keeps the others', async () => {
    const line = await enter()
    line.send('40/custom')
    await line.read()
    await line.read()
    line.send('41/custom', '42["message","still here"]')
    expect(await line.read()).toBe('42["message-back","still here"]')

    line.send('41', '3')
    expect(await line.next()).toBe('2')
    line.raw.close()
  })

  test('EVENT and ACK carry values of every kind', async () => {
    const line = await enter()
    line.send('42["message",1,"2",{"3":[true]}]')
    expect(await line.read()).toBe('42["message-back",1,"2",{"3":[true]}]')
    line.send('42456["message-with-ack",1,"2",{"3":[false]}]')
    expect(await line.read()).toBe('43456[1,"2",{"3":[false]}]')
    line.raw.close()
  })

  test('BINARY_EVENT and BINARY_ACK carry attachments', async () => {
    const line = await enter()
    const slots = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'
    line.send(`452-["message",${slots}]`, [1, 2, 3], [4, 5, 6])
    expect([await line.read(), await line.read(), await line.read()]).toEqual([
      `452-["message-back",${slots}]`,
      [1, 2, 3],
      [4, 5, 6],
    ])
    line.send(`452-789["message-with-ack",${slots}]`, [1, 2, 3], [4, 5, 6])
    expect([await line.read(), await line.read(), await line.read()]).toEqual([
      `462-789[${slots}]`,
      [1, 2, 3],
      [4, 5, 6],
    ])
    line.raw.close()
  })

  test.each(['4abc', '42{}', '42abc["message-with-ack",1]', '42["connect"]', '44{}'])(
    'a forbidden packet %s closes the connection',
    async (packet) => {
      const line = await enter()
      line.send(packet)
      await line.closed
    },
  )

  test('a first packet that is no CONNECT closes the connection', async () => {
    await (await open('4abc')).closed
    await (await open('42["message",1]')).closed
  })
})
