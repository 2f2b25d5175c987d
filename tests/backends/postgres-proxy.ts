import { once } from 'node:events'
import net from 'node:net'

/** A way to a server that can be closed, opened again, and made to swallow everything. */
export type Proxy = AsyncDisposable & {
  port: number
  /** Ends all connections and refuses new ones, as a server that is being restarted. */
  close(): Promise<void>
  open(): Promise<void>
  /** Keeps connections, and passes nothing on: as a network that has gone. */
  swallow(yes: boolean): void
}

export async function openProxy(target: { host: string; port: number }): Promise<Proxy> {
  const sockets = new Set<net.Socket>()
  let swallowing = false
  const server = net.createServer((near) => {
    const far = net.connect(target)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (data) => {
        if (!swallowing) to.write(data)
      })
      from.on('error', () => undefined)
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo

  async function close(): Promise<void> {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }

  return {
    port,
    close,
    async open() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    swallow(yes) {
      swallowing = yes
    },
    [Symbol.asyncDispose]: close,
  }
}
