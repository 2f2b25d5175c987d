import type { Namespace, Socket } from 'socket.io'
import { placeholdersOf } from '../../kit/contract.ts'

/** Who can be in rooms; the rest of a connection is not the rooms' business. */
export type Member = {
  socket: Socket
  userId: string
  /** While the list of rooms is being fetched: the changes that came meanwhile and win over it. */
  changes: Map<string, 'join' | 'leave'> | undefined
}

/** A way into rooms that stays shut until the operation that opens it has succeeded. */
export type Entry = {
  /** Lets the member in; what passed meanwhile comes out of the returned function. */
  admit(): () => void
  abandon(): void
}

type Held = { rooms: readonly string[]; event: string; payload: unknown }
type Hold = { member: Member; rooms: Set<string>; events: Held[] }

export type Rooms = ReturnType<typeof createRooms>

export function userRoom(userId: string): string {
  return `user:${userId}`
}

/**
 * The rooms of one namespace. While a member waits to be let in, the room's events are held for
 * it: it hears nothing if it is refused, and misses nothing if it is not.
 */
export function createRooms(namespace: Namespace) {
  const holds = new Map<string, Set<Hold>>()

  function shut(hold: Hold, room: string): void {
    hold.rooms.delete(room)
    const ofRoom = holds.get(room)
    ofRoom?.delete(hold)
    if (ofRoom?.size === 0) holds.delete(room)
  }

  function shutAll(member: Member, room: string): void {
    for (const hold of [...(holds.get(room) ?? [])]) {
      if (hold.member === member) shut(hold, room)
    }
  }

  return {
    /** What was held until now came before the member belonged here, and is dropped. */
    join(member: Member, room: string): void {
      member.changes?.set(room, 'join')
      shutAll(member, room)
      void member.socket.join(room)
    },

    leave(member: Member, room: string): void {
      member.changes?.set(room, 'leave')
      shutAll(member, room)
      void member.socket.leave(room)
    },

    /** Joins what a list names that was fetched a while ago. */
    joinListed(member: Member, listed: readonly string[]): void {
      const { changes } = member
      member.changes = undefined
      void member.socket.join(listed.filter((room) => changes?.get(room) !== 'leave'))
    },

    open(member: Member, names: readonly string[]): Entry {
      const outside = names.filter((room) => !member.socket.rooms.has(room))
      const hold: Hold = { member, rooms: new Set(outside), events: [] }
      for (const room of hold.rooms) {
        const ofRoom = holds.get(room) ?? new Set()
        holds.set(room, ofRoom.add(hold))
      }
      return {
        admit() {
          const rooms = [...hold.rooms]
          const passed = hold.events.filter((event) =>
            event.rooms.some((room) => hold.rooms.has(room)),
          )
          for (const room of rooms) shutAll(member, room)
          void member.socket.join(rooms)
          return () => {
            for (const { event, payload } of passed) member.socket.emit(event, payload)
          }
        },
        abandon() {
          for (const room of [...hold.rooms]) shut(hold, room)
        },
      }
    },

    /** How many sockets a push reaches. */
    count(rooms: readonly string[], except?: string): number {
      const { rooms: members } = namespace.adapter
      const reached = new Set(rooms.flatMap((room) => [...(members.get(room) ?? [])]))
      const left = except === undefined ? [] : (members.get(userRoom(except)) ?? [])
      for (const socket of left) reached.delete(socket)
      return reached.size
    },

    /** Sends to everybody in any of the rooms, once, but not to the sockets of `except`. */
    push(rooms: string[], event: string, payload: unknown, except?: string): void {
      const audience = namespace.to(rooms)
      if (except === undefined) audience.emit(event, payload)
      else audience.except(userRoom(except)).emit(event, payload)
      if (holds.size === 0) return
      const waiting = new Set(rooms.flatMap((room) => [...(holds.get(room) ?? [])]))
      for (const { member, events } of waiting) {
        const hearsItAlready = rooms.some((room) => member.socket.rooms.has(room))
        if (member.userId !== except && !hearsItAlready) events.push({ rooms, event, payload })
      }
    },
  }
}

/** Fills a room's template; a list in it stands for one room per element. */
export function roomsOf(template: string, values: Readonly<Record<string, unknown>>): string[] {
  let rooms = [template]
  for (const name of placeholdersOf(template)) {
    const value = values[name]
    // A field that is absent names no room.
    if (value === undefined || value === null) return []
    const list = Array.isArray(value) ? value : [value]
    rooms = list.flatMap((one) =>
      rooms.map((room) => room.replaceAll(`{${name}}`, () => String(one))),
    )
  }
  return rooms
}
