import type { Bus, EventRecord, SignalRecord } from '../../kit/bus.ts'
import { type Contract, type Push, type RoomChange, topicOf } from '../../kit/contract.ts'
import type { Tracing } from '../../kit/tracing/tracing.ts'
import { tracePush } from '../tracing.ts'
import type { Connections } from './connections.ts'
import { type Rooms, roomsOf } from './rooms.ts'

export type PushesOptions = {
  contracts: readonly Contract[]
  bus: Bus
  roomsByNamespace: ReadonlyMap<string, Rooms>
  connections: Connections
  tracing: Tracing | undefined
  /** Some of what passes may not have been seen. */
  onGap: () => void
}

type Payload = Readonly<Record<string, unknown>>
type Send = (payload: Payload, traceparent?: string) => void

/** Sends on what passes the bus, and moves people between rooms, as the contracts say. */
export async function startPushes({
  contracts,
  bus,
  roomsByNamespace,
  connections,
  tracing,
  onGap,
}: PushesOptions): Promise<void> {
  const onEvent = new Map<string, Send>()
  const onSignal = new Map<string, Send>()
  const topics = new Set<string>()

  for (const contract of contracts) {
    for (const [event, { push = [], rooms = [] }] of Object.entries(contract.events ?? {})) {
      if (push.length + rooms.length === 0) continue
      topics.add(topicOf(contract, event))
      const pushAll = sendAll(push)
      const joins = rooms.filter(({ change }) => change === 'join')
      const leaves = rooms.filter(({ change }) => change === 'leave')
      onEvent.set(`${contract.service}.${event}`, (payload, traceparent) => {
        // Who comes hears of it, and so does who goes.
        for (const change of joins) move(change, payload)
        pushAll(payload, traceparent)
        for (const change of leaves) move(change, payload)
      })
    }
    for (const [signal, { push }] of Object.entries(contract.signals ?? {})) {
      onSignal.set(`${contract.service}.${signal}`, sendAll(push))
    }
  }

  function sendAll(pushes: readonly Push[]): Send {
    const targets = pushes.map(({ socket, room, except }) => {
      const [namespace, event] = socket.split(' ', 2) as [string, string]
      return { rooms: roomsByNamespace.get(namespace), event, room, except }
    })
    return (payload, traceparent) => {
      for (const { rooms, event, room, except: field } of targets) {
        const names = roomsOf(room, payload)
        if (!rooms || names.length === 0) continue
        const excepted = field ? payload[field] : undefined
        const except = typeof excepted === 'string' ? excepted : undefined
        const push =
          tracing && traceparent ? { rooms, names, event, except, traceparent } : undefined
        const work = tracing && push && tracePush(tracing, push)
        rooms.push(names, event, payload, except)
        work?.end()
      }
    }
  }

  function move({ namespace, change, user, room }: RoomChange, payload: Payload): void {
    const names = roomsOf(room, payload)
    const users = payload[user]
    for (const userId of Array.isArray(users) ? users : [users]) {
      for (const connection of connections.of(String(userId))) {
        if (connection.socket.nsp.name !== namespace) continue
        for (const name of names) connection.rooms[change](connection, name)
      }
    }
  }

  if (topics.size > 0) {
    const see = ({ service, event, payload, traceparent }: EventRecord) =>
      onEvent.get(`${service}.${event}`)?.(payload as Payload, traceparent)
    await bus.watch([...topics], see, onGap)
  }
  bus.onSignal(({ service, signal, payload }: SignalRecord) =>
    onSignal.get(`${service}.${signal}`)?.(payload as Payload),
  )
}

/** The namespaces that contracts name anywhere. */
export function namespacesOf(contracts: readonly Contract[]): Set<string> {
  const names = contracts.flatMap((contract) => [
    ...Object.values(contract.operations).flatMap(({ socket }) => (socket ? [socket] : [])),
    ...[...Object.values(contract.events ?? {}), ...Object.values(contract.signals ?? {})].flatMap(
      ({ push }) => push?.map(({ socket }) => socket) ?? [],
    ),
    ...Object.keys(contract.roomsAtConnect ?? {}),
  ])
  return new Set(names.map((name) => name.split(' ', 1)[0] ?? name))
}
