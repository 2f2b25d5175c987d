import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'socket.io'
import { openSocketServer } from './server.ts'

/** What the public protocol suites expect of a server's clock and reach. */
const expected = {
  pingInterval: 300,
  pingTimeout: 200,
  transports: ['polling', 'websocket'] as ('polling' | 'websocket')[],
  cors: { origin: '*' },
}

/**
 * The gateway's own socket set-up before the handlers that the public test suites of Engine.IO 4
 * and Socket.IO 5 talk to. Long-polling, which the product does without, is part of them.
 */
export function openConformance(server: HttpServer): { close(): void } {
  const echo = openSocketServer(server, { ...expected, path: '/engine.io' })
  // Below Socket.IO: each packet comes back as it is.
  echo.engine.removeAllListeners('connection')
  echo.engine.on('connection', (line: Socket['conn']) => {
    line.on('data', (data: string | Buffer) => line.send(data))
  })

  const io = openSocketServer(server, expected)
  io.on('connection', (socket) => {
    greet(socket)
    socket.on('message', (...args) => socket.emit('message-back', ...args))
    socket.on('message-with-ack', (...args) => {
      const ack = args.pop() as (...answer: unknown[]) => void
      ack(...args)
    })
  })
  io.of('/custom').on('connection', greet)

  return {
    close() {
      echo.engine.close()
      io.engine.close()
    },
  }
}

/**
 * Socket.IO's suite waits for one frame at a time, and misses the second of two that its client
 * reads at once. The greeting therefore comes a moment after the frame that lets the client in.
 */
function greet(socket: Socket): void {
  setTimeout(() => socket.emit('auth', socket.handshake.auth), 10)
}
