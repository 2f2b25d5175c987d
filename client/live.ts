import type { Socket } from 'socket.io-client'
import { kitFailure } from '../kit/failure.ts'
import type { CallOptions } from './contracts.ts'
import { createEmitter } from './emitter.ts'
import { isErrorBody, toFailure } from './http.ts'
import type { Session } from './session.ts'
import { backoffMs } from './wait.ts'

/** `off`: not wanted, or nobody is signed in. */
export type LiveState = 'off' | 'connecting' | 'online'

type LiveEvents = {
  state: LiveState
  /** Whatever the server sends by itself, in the order in which it arrives. */
  push: { name: string; payload: unknown }
}

export type LiveCallOptions = CallOptions & {
  /** Called within the very moment of the answer, before anything that follows it. */
  onAnswer?: (answer: unknown) => void
}

export type Live = ReturnType<typeof createLive>

const callTimeoutMs = 10_000
/** How long before its end a token is exchanged, so that the connection never meets it. */
const renewEarlyMs = 60_000

/** The one connection for everything live: opened again and again as long as it is wanted. */
export function createLive({ url, session }: { url: string; session: Session }) {
  const { on, emit } = createEmitter<LiveEvents>()
  /** There once it was wanted: visitors need none, and a page can show itself before. */
  let socket: Socket | undefined
  let wanted = false
  /** Between an attempt and its outcome: a second one would be a second connection. */
  let opening = false
  /** Counts attempts: one that was given up finds here that it is not the last any more. */
  let openings = 0
  let state: LiveState = 'off'
  let userId: string | undefined
  let usedToken: string | undefined
  let attempt = 0
  let hintMs: number | undefined
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let renewTimer: ReturnType<typeof setTimeout> | undefined

  function token(): string | undefined {
    usedToken = session.state()?.accessToken
    return usedToken
  }

  function setState(next: LiveState): void {
    if (state === next) return
    state = next
    emit('state', next)
  }

  async function getSocket(): Promise<Socket> {
    const { io } = await import('socket.io-client')
    socket ??= hear(
      io(`${url.replace(/\/$/, '')}/chat`, {
        autoConnect: false,
        reconnection: false,
        forceNew: true,
        transports: ['websocket'],
        auth: (send) => send({ token: token() }),
      }),
    )
    return socket
  }

  async function open(): Promise<void> {
    clearTimeout(retryTimer)
    if (!wanted || opening || socket?.connected) return
    if (!session.state()) {
      setState('off')
      return
    }
    opening = true
    openings += 1
    const current = openings
    setState('connecting')
    try {
      const opened = await getSocket()
      await session.token()
      if (current !== openings) return
      if (!wanted || !session.state()) opening = false
      else opened.connect()
    } catch {
      if (current === openings) retry()
    }
  }

  function retry(): void {
    opening = false
    clearTimeout(retryTimer)
    if (!wanted || !session.state()) {
      setState('off')
      return
    }
    setState('connecting')
    attempt += 1
    const delay = hintMs ?? backoffMs(attempt)
    hintMs = undefined
    retryTimer = setTimeout(open, delay)
  }

  /** The server says that the token is no good any more: then another, or nobody is signed in. */
  async function renewAndRetry(): Promise<void> {
    await session.refresh(usedToken).catch(() => undefined)
    retry()
  }

  function hear(made: Socket): Socket {
    made.on('connect_error', (error) => {
      const { code } = toFailure((error as Error & { data?: unknown }).data)
      if (code === 'unauthenticated') void renewAndRetry()
      else retry()
    })

    made.on('disconnect', (reason) => {
      clearTimeout(renewTimer)
      opening = false
      if (reason === 'io client disconnect') return
      // At once, before those who wait for an answer learn that it will not come.
      setState('connecting')
      if (reason === 'io server disconnect') void renewAndRetry()
      else retry()
    })

    made.onAny((name: string, payload: unknown) => {
      if (name === 'connected') {
        begin((payload as { userId: string }).userId)
      } else if (name === 'reconnect:hint') {
        hintMs = (payload as { inMs: number }).inMs
      } else if (name === 'exception' && toFailure(payload).code === 'unauthenticated') {
        void session.refresh(usedToken).catch(() => undefined)
      } else {
        emit('push', { name, payload })
      }
    })
    return made
  }

  function begin(connectedAs: string): void {
    opening = false
    attempt = 0
    userId = connectedAs
    if (session.state()?.user.id !== connectedAs) {
      // Somebody else signed in while the connection was being made.
      socket?.disconnect()
      void open()
      return
    }
    renewInTime()
    setState('online')
  }

  function renewInTime(): void {
    clearTimeout(renewTimer)
    const expiresAt = session.state()?.expiresAt ?? 0
    const early = renewEarlyMs * (0.5 + Math.random() / 2)
    const delay = Math.max(expiresAt - Date.now() - early, 1_000)
    renewTimer = setTimeout(() => session.refresh().catch(() => undefined), delay)
  }

  session.onChange((next) => {
    if (!next || (userId !== undefined && userId !== next.user.id)) {
      userId = undefined
      // An attempt that is given up has no outcome that would say so.
      opening = false
      socket?.disconnect()
      setState('off')
    }
    if (next && !socket?.connected) void open()
    if (!next || !socket?.connected || next.accessToken === usedToken) return
    socket.emit('session:renew', { token: token() })
    renewInTime()
  })

  return {
    state: () => state,
    onState: (listener: (state: LiveState) => void) => on('state', listener),
    onPush: (listener: (push: LiveEvents['push']) => void) => on('push', listener),

    connect(): void {
      wanted = true
      void open()
    },

    disconnect(): void {
      wanted = false
      opening = false
      clearTimeout(retryTimer)
      clearTimeout(renewTimer)
      socket?.disconnect()
      setState('off')
    },

    /** Sends an event and waits for its acknowledgement; what goes wrong is a `Failure`. */
    call(name: string, input: unknown, options: LiveCallOptions = {}): Promise<unknown> {
      const { signal, timeoutMs = callTimeoutMs, onAnswer } = options
      return new Promise((resolve, reject) => {
        const refuse = () => reject(signal?.reason)
        if (signal?.aborted) {
          refuse()
          return
        }
        if (!socket || state !== 'online') {
          reject(kitFailure('unavailable', 'There is no live connection.'))
          return
        }
        signal?.addEventListener('abort', refuse, { once: true })
        socket.timeout(timeoutMs).emit(name, input, (error: Error | null, answer: unknown) => {
          signal?.removeEventListener('abort', refuse)
          if (error) {
            reject(kitFailure('unavailable', 'The answer did not come.', { cause: error }))
          } else if (isErrorBody(answer)) {
            reject(toFailure(answer))
          } else {
            onAnswer?.(answer)
            resolve(answer)
          }
        })
      })
    },
  }
}
