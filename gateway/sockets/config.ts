import * as z from 'zod'
import { setting } from '../../kit/config.ts'

/** What an operator may set about sockets. */
export const socketSettings = z.object({
  SOCKET_EVENTS_PER_10S: setting
    .integer(1, 10_000_000)
    .default(200)
    .describe('Events that one user may send over all sockets within 10 seconds'),
  SOCKET_CONNECTS_PER_MINUTE: setting
    .integer(1, 10_000_000)
    .default(600)
    .describe('Socket connections that one address may open within a minute'),
  SOCKETS_PER_USER: setting
    .integer(1, 1_000_000)
    .default(50)
    .describe('Sockets that one user may hold open at once'),
  SOCKET_BUFFER_KB: setting
    .integer(16, 1_000_000)
    .default(4_096)
    .describe('Unsent data after which a slow socket is cut off; it catches up when it returns'),
  SOCKET_OLD_CLIENTS: setting
    .flag()
    .default(false)
    .describe('Also speak Engine.IO 3, for clients older than Socket.IO 3'),
})
export type SocketConfig = z.output<typeof socketSettings>

/** Rhythms that nobody needs to set, and that tests shorten. */
export type SocketTimings = {
  /** How often expired tokens, slow readers and idle connections are looked for. */
  sweepMs: number
  /** How long an expired token is tolerated while the client fetches another. */
  renewGraceMs: number
  /** How long a connection may live without a namespace. */
  idleMs: number
  presenceMs: number
  /** Over what time clients spread their return after a restart. */
  returnMs: number
  /** How long the last words to everybody may take. */
  drainMs: number
}

export const defaultTimings: SocketTimings = {
  sweepMs: 1_000,
  renewGraceMs: 15_000,
  idleMs: 10_000,
  presenceMs: 20_000,
  returnMs: 3_000,
  drainMs: 3_000,
}
