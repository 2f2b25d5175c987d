import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** What stands before gateways everywhere: it leads each connection to one that is ready. */
export type Balancer = AsyncDisposable & {
  url: string
  /** Leads connections there as well, while it is ready. */
  add(gateway: string): void
}

/** How often gateways are asked whether they are ready. */
const lookEveryMs = 200

export async function openBalancer(
  gateways: readonly string[],
  { port = 0 }: { port?: number } = {},
): Promise<Balancer> {
  const known = [...gateways]
  const ready = new Set<string>()
  const sockets = new Set<net.Socket>()
  let next = 0
  let closed = false

  /** Slow is not away: on a busy machine, only what is said counts, or that nobody is there. */
  async function look(gateway: string): Promise<void> {
    const signal = AbortSignal.timeout(10_000)
    try {
      const answer = await fetch(`${gateway}/api/v1/health/ready`, { signal })
      await answer.arrayBuffer()
      if (answer.status === 200) ready.add(gateway)
      else ready.delete(gateway)
    } catch {
      if (!signal.aborted) ready.delete(gateway)
    }
  }

  async function lookAgain(gateway: string): Promise<void> {
    while (!closed) {
      await look(gateway)
      await pause(lookEveryMs)
    }
  }

  /** Tries one ready gateway after the other; nothing has been sent to those that refuse. */
  function lead(near: net.Socket, candidates: readonly string[]): void {
    const [gateway, ...others] = candidates
    if (!gateway) {
      near.destroy()
      return
    }
    const { hostname, port } = new URL(gateway)
    const far = net.connect({ host: hostname, port: Number(port), noDelay: true })
    far.once('connect', () => {
      far.off('error', tryOthers)
      far.on('error', () => near.destroy())
      near.on('close', () => far.destroy())
      far.on('close', () => near.destroy())
      near.pipe(far).pipe(near)
    })
    far.once('error', tryOthers)

    function tryOthers(): void {
      ready.delete(gateway ?? '')
      lead(near, others)
    }
  }

  const server = net.createServer({ noDelay: true }, (near) => {
    sockets.add(near)
    near.on('close', () => sockets.delete(near)).on('error', () => undefined)
    const able = known.filter((gateway) => ready.has(gateway))
    // Where none is ready, any can say so.
    const all = able.length > 0 ? able : known
    const first = next++ % all.length
    lead(near, [...all.slice(first), ...all.slice(0, first)])
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  await Promise.all(known.map(look))
  for (const gateway of known) void lookAgain(gateway)
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    add(gateway) {
      known.push(gateway)
      void lookAgain(gateway)
    },
    async [Symbol.asyncDispose]() {
      closed = true
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
