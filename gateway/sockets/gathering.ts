import type { Socket as NetSocket } from 'node:net'
import type { Socket } from 'socket.io'

/** Unsent bytes from which a connection waits for its reader again before it is given more. */
const enough = 64_000

/**
 * Makes the listener that has the frames of a connection gathered: what it is sent in one go (an
 * answer, say, and the change that the answered call announces) leaves in one write. A write to a
 * socket costs more than everything else that a frame needs.
 */
export function createGatherer(): (engine: Socket['conn']) => void {
  let corked: NetSocket[] = []

  function letGo(): void {
    const sockets = corked
    corked = []
    for (const socket of sockets) socket.uncork()
  }

  return ({ transport, request: { socket } }) => {
    if (transport.name !== 'websocket') return
    const send = transport.send.bind(transport)
    transport.send = (packets) => {
      if (socket.writableCorked === 0) {
        // Mostly a broadcast is all that its many receivers are sent now: to go over them once more
        // would cost more than it saves.
        if (packets.every(isBroadcast)) return send(packets)
        socket.cork()
        // Behind everything that is ready now, and before the event loop looks for more.
        if (corked.push(socket) === 1) process.nextTick(letGo)
      }
      send(packets)
      // Engine.IO sends nothing more until the write has ended, which only begins at the end.
      if (socket.writableLength < enough) transport.writable = true
    }
  }
}

/** The frame of a broadcast is made once, and given to Engine.IO with each copy of the packet. */
function isBroadcast({ options }: { options?: object | undefined }): boolean {
  return options !== undefined && 'wsPreEncodedFrame' in options
}
