import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { createTraceparent } from '../kit/context.ts'
import type { Tracing, Work } from '../kit/tracing/tracing.ts'
import type { Rooms } from './sockets/rooms.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Its span, where requests are traced. */
    work: Work | undefined
  }
}

/** Rooms that a span names; a push to many people has one for each of them. */
const mostRooms = 10

/** Makes a span of every request to the routes of an application. */
export function traceRequests(app: FastifyInstance, tracing: Tracing): void {
  app.decorateRequest('work', undefined)

  app.addHook('onRequest', (request, reply, done) => {
    const { method, raw } = request
    const route = request.routeOptions.url ?? ''
    const [path = ''] = request.url.split('?', 1)
    const attributes = {
      'http.request.method': method,
      'http.route': route,
      'url.path': path,
      'url.scheme': request.protocol,
    }
    const span = { name: `${method} ${route}`, kind: 'server', attributes } as const
    const work = tracing.enter(span, headerOf(raw))
    request.work = work
    // Also what the client did not wait for comes to an end.
    reply.raw.once('close', () => {
      const { statusCode, writableFinished } = reply.raw
      if (!writableFinished) return work.end({ type: 'aborted', isFault: false })
      work.describe({ 'http.response.status_code': statusCode })
      work.end(statusCode >= 500 ? { type: String(statusCode), isFault: true } : undefined)
    })
    done()
  })

  app.addHook('preHandler', (request, _reply, done) => tracing.within(request.work, done))
}

/** The place of a request in a trace: below its span, or else below whoever asked. */
export function traceparentOf({ work, raw }: { work?: Work | undefined; raw: IncomingMessage }) {
  return work?.traceparent ?? createTraceparent(headerOf(raw))
}

function headerOf({ headers }: IncomingMessage): string | undefined {
  const { traceparent } = headers
  return typeof traceparent === 'string' ? traceparent : undefined
}

/** Opens a span for what a client sent over its socket; its path is one that a contract names. */
export function traceSocketEvent(tracing: Tracing, path: string): Work {
  const [namespace = '', event = ''] = path.split(' ', 2)
  const attributes = {
    'messaging.system': 'socket.io',
    'messaging.operation.name': 'receive',
    'messaging.operation.type': 'process',
    'messaging.destination.name': event,
    'socket.io.namespace': namespace,
  }
  return tracing.enter({ name: `receive ${event}`, kind: 'server', attributes }, undefined)
}

export type TracedPush = {
  rooms: Rooms
  names: readonly string[]
  event: string
  except: string | undefined
  traceparent: string
}

/** Opens a span for what goes to the sockets in some rooms, if there are any. */
export function tracePush(tracing: Tracing, push: TracedPush): Work | undefined {
  const { rooms, names, event, except, traceparent } = push
  const sockets = rooms.count(names, except)
  if (sockets === 0) return undefined
  const attributes = {
    'messaging.system': 'socket.io',
    'messaging.operation.name': 'push',
    'messaging.operation.type': 'send',
    'messaging.destination.name': event,
    'socket.io.rooms': names.slice(0, mostRooms),
    'socket.io.sockets': sockets,
  }
  return tracing.open({ name: `push ${event}`, kind: 'producer', attributes }, traceparent)
}
