import { once } from 'node:events'
import net from 'node:net'

/** Stands between the product and a server, and can take the server away. */
export type Proxy = AsyncDisposable & {
  /** The server's address, as it is reached through here. */
  url: string
  /** From now on nobody reaches the server, and whoever did is cut off. */
  cut(): void
  restore(): void
}

export async function openProxy(server: string, usualPort: number): Promise<Proxy> {
  const target = new URL(server)
  const sockets = new Set<net.Socket>()
  let isCut = false
  const proxy = net.createServer((near) => {
    sockets.add(near)
    near.on('close', () => sockets.delete(near)).on('error', () => undefined)
    if (isCut) {
      near.destroy()
      return
    }
    const far = net.connect(Number(target.port) || usualPort, target.hostname)
    far.on('error', () => undefined).on('close', () => near.destroy())
    near.on('close', () => far.destroy())
    near.pipe(far).pipe(near)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const url = new URL(server)
  url.hostname = '127.0.0.1'
  url.port = String((proxy.address() as net.AddressInfo).port)

  function cut(): void {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: url.href,
    cut,
    restore() {
      isCut = false
    },
    async [Symbol.asyncDispose]() {
      cut()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
