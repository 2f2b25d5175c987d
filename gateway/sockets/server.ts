import type { Server as HttpServer, IncomingMessage } from 'node:http'
import { Server, type ServerOptions } from 'socket.io'
import { createGatherer } from './gathering.ts'

export type SocketServerOptions = Pick<
  ServerOptions,
  'path' | 'transports' | 'pingInterval' | 'pingTimeout' | 'cors' | 'allowEIO3' | 'connectTimeout'
> & {
  /** Why a connection is refused before it begins, if it is. */
  refusalOf: (request: IncomingMessage) => string | undefined
}

/**
 * The gateway's one way of setting up Socket.IO. WebSocket only: without long-polling no request
 * belongs to an earlier one, so a load balancer needs no sticky sessions.
 */
export function openSocketServer(
  server: HttpServer,
  { refusalOf, ...options }: Partial<SocketServerOptions> = {},
): Server {
  const io = new Server(server, {
    path: '/socket.io',
    transports: ['websocket'],
    serveClient: false,
    pingInterval: 10_000,
    pingTimeout: 30_000,
    maxHttpBufferSize: 1_000_000,
    perMessageDeflate: false,
    httpCompression: false,
    ...options,
    allowRequest(request, decide) {
      const refusal = refusalOf?.(request)
      decide(refusal, refusal === undefined)
    },
  })
  io.engine.on('connection', createGatherer())
  return io
}
