import net from 'node:net'

export type Reply = { status: number; headers: string; body: string }

/** One kept-alive connection, one request at a time: as cheap as a client of HTTP can be. */
export type Connection = {
  request(
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Reply>
  close(): void
}

export function connectHttp(port: number): Promise<Connection> {
  const opened = Promise.withResolvers<Connection>()
  const stream = net.connect({ port, host: '127.0.0.1', noDelay: true })
  let waiting: PromiseWithResolvers<Reply> | undefined
  let received: Buffer = Buffer.alloc(0)

  stream.on('connect', () =>
    opened.resolve({
      request(method, path, headers = {}, body = '') {
        waiting = Promise.withResolvers()
        received = Buffer.alloc(0)
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
        const length = Buffer.byteLength(body)
        const described = length > 0 ? `content-type: application/json\r\n` : ''
        stream.write(
          `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines.join('')}${described}` +
            `content-length: ${length}\r\n\r\n${body}`,
        )
        return waiting.promise
      },
      close: () => void stream.destroy(),
    }),
  )
  stream.on('data', (chunk) => {
    received = received.length > 0 ? Buffer.concat([received, chunk]) : chunk
    const reply = readReply(received)
    if (reply) waiting?.resolve(reply)
  })
  stream.on('error', fail)
  stream.on('close', () => fail(new Error('The server closed the connection')))

  function fail(error: Error): void {
    opened.reject(error)
    waiting?.reject(error)
  }

  return opened.promise
}

/** Reads a reply of known length; JSON never comes in chunks. */
function readReply(received: Buffer): Reply | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const headers = received.toString('latin1', 0, end)
  const length = Number(/^content-length: (\d+)/im.exec(headers)?.[1])
  if (Number.isNaN(length)) throw new Error(`A reply without a length:\n${headers}`)
  if (received.length < end + 4 + length) return undefined
  const status = Number(headers.slice(9, 12))
  return { status, headers, body: received.toString('utf8', end + 4) }
}
