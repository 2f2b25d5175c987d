import { fileURLToPath } from 'node:url'
import { type HttpResult, loadHttp } from './http-load.ts'
import { noteBody } from './note.ts'
import { startPeer } from './peers.ts'
import { freePort, type Program, startProgram } from './processes.ts'
import { raisedLimits } from './stoa.ts'
import { createToken } from './token.ts'

const connections = 64
const { token, publicKey } = createToken()
const environment = { NODE_ENV: 'production', PUBLIC_KEY: JSON.stringify(publicKey) }

export const noteConditions = {
  endpoint: 'POST of a JSON body of six fields, answered with nine: the same handler everywhere',
  payload: `${Buffer.byteLength(noteBody)} bytes in`,
  clients: `${connections} kept-alive connections, one request at a time on each`,
  durability: 'nothing is stored on either side',
}

/** Stoa's gateway with one operation, without the services of the product. */
export async function startStoaGateway(): Promise<Program> {
  const port = await freePort()
  return startProgram({
    command: process.execPath,
    words: [fileURLToPath(new URL('../stoa-gateway.ts', import.meta.url))],
    port,
    environment: { ...environment, ...raisedLimits, PORT: String(port) },
    ready: '/api/v1/health/ready',
  })
}

export function startNotesPeer(name: 'fastify' | 'nest'): Promise<Program> {
  return startPeer(name, environment)
}

export function postNotes(server: Program, seconds: number): Promise<HttpResult> {
  return loadHttp({
    server,
    path: '/api/v1/notes',
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: noteBody,
    connections,
    seconds,
  })
}
