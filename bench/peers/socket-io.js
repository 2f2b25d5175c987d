// Bare Socket.IO: a socket names its room as its token, what it sends goes to the whole room,
// and nothing is checked or stored. MESSAGE, when given, is sent in the place of what came, so
// that the bytes to deliver are the same as elsewhere.
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const message = process.env.MESSAGE ? JSON.parse(process.env.MESSAGE) : undefined

const server = createServer((_request, response) => response.end('ok'))
// As Stoa's gateway sets it up.
const io = new Server(server, {
  transports: ['websocket'],
  serveClient: false,
  pingInterval: 10_000,
  pingTimeout: 30_000,
  maxHttpBufferSize: 1_000_000,
  perMessageDeflate: false,
  httpCompression: false,
})
const chat = io.of('/chat')

chat.on('connection', (socket) => {
  const room = socket.handshake.auth.token
  socket.join(room)
  socket.on('message:send', (sent, acknowledge) => {
    chat.to(room).emit('message:new', message ? { ...message, uuid: sent.uuid } : sent)
    acknowledge({ id: sent.uuid, seq: 1, createdAt: new Date().toISOString() })
  })
})

server.listen(Number(process.env.PORT), '127.0.0.1')
