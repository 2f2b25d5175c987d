// `npm run conformance`: a server for the public protocol suites of Engine.IO and Socket.IO, which
// talk to localhost:3000. Each suite is started in a checkout of its own: `npm ci && npm test`.
import { once } from 'node:events'
import http from 'node:http'
import { openConformance } from '../gateway/sockets/conformance.ts'

const server = http.createServer((_request, response) => {
  response.writeHead(404).end()
})
const conformance = openConformance(server)
server.listen(3000)
await once(server, 'listening')
console.log('Engine.IO at http://localhost:3000/engine.io/, Socket.IO at /socket.io/')

await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
conformance.close()
server.close()
server.closeAllConnections()
