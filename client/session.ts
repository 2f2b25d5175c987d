import { Failure, kitFailure } from '../kit/failure.ts'
import type { OwnAccount, SignedIn } from './contracts.ts'
import { createEmitter } from './emitter.ts'
import type { Http } from './http.ts'
import type { AttemptStore, TokenStore } from './storage.ts'
import type { Tabs } from './tabs.ts'
import { backoffMs } from './wait.ts'

/** Who is signed in. The access token is nowhere but in memory. */
export type SessionState = { user: OwnAccount; accessToken: string; expiresAt: number }

export type SessionOptions = {
  http: Http
  tabs: Tabs
  /** Absent where a cookie carries the refresh token. */
  tokens: TokenStore | undefined
  /** Shared by all that share the token. */
  attempt: AttemptStore
}

export type Session = ReturnType<typeof createSession>

type News = { type: 'signed-in'; state: SessionState } | { type: 'signed-out' }

/** An access token this close to its end is exchanged before it is used. */
const marginMs = 10_000
const refreshTimeoutMs = 10_000

/** Keeps somebody signed in: one refresh at a time, over all tabs of a browser. */
export function createSession({ http, tabs, tokens, attempt }: SessionOptions) {
  const { on, emit } = createEmitter<{ change: SessionState | undefined }>()
  let state: SessionState | undefined
  let refreshing: Promise<SessionState | undefined> | undefined
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let unanswered = 0
  let exchanges = 0

  tabs.onNews((given) => {
    const news = given as News
    const next = news.type === 'signed-in' ? news.state : undefined
    // News can be overtaken: of two tokens of one person the later one counts.
    const isOlder =
      next !== undefined && next.user.id === state?.user.id && next.expiresAt <= state.expiresAt
    if (isOlder) return
    settle()
    set(next)
  })

  /** Nothing of an earlier refresh is open any more. */
  function settle(): void {
    clearTimeout(retryTimer)
    unanswered = 0
  }

  /**
   * The server may have replaced the refresh token although its answer was lost, and takes the one
   * before it for seconds only: waiting until the access token expires would end the session.
   */
  function retrySoon(): void {
    clearTimeout(retryTimer)
    unanswered += 1
    retryTimer = setTimeout(() => refresh().catch(() => undefined), backoffMs(unanswered))
  }

  function set(next: SessionState | undefined): void {
    const nothingNew = state === undefined && next === undefined
    state = next
    if (!nothingNew) emit('change', next)
  }

  async function adopt(signedIn: SignedIn): Promise<SessionState> {
    const { user, accessToken, expiresIn, refreshToken } = signedIn
    const next = { user, accessToken, expiresAt: Date.now() + expiresIn * 1000 }
    if (refreshToken !== undefined) await tokens?.write(refreshToken)
    attempt.write(undefined)
    set(next)
    tabs.tell({ type: 'signed-in', state: next } satisfies News)
    return next
  }

  async function clear(): Promise<void> {
    settle()
    attempt.write(undefined)
    await tokens?.write(undefined)
    set(undefined)
    tabs.tell({ type: 'signed-out' } satisfies News)
  }

  /** Exchanges a stale access token, unless this or another tab already has a fresh one. */
  function refresh(stale = state?.accessToken): Promise<SessionState | undefined> {
    refreshing ??= tabs
      .exclusively(() => exchange(stale))
      .finally(() => {
        refreshing = undefined
      })
    return refreshing
  }

  async function exchange(stale: string | undefined): Promise<SessionState | undefined> {
    if (state && state.accessToken !== stale && isFresh(state)) return state
    const refreshToken = await tokens?.read()
    if (tokens && refreshToken === undefined) {
      if (state) await clear()
      return undefined
    }
    try {
      const signedIn = await ask(refreshToken)
      exchanges += 1
      settle()
      return await adopt(signedIn)
    } catch (error) {
      if (!endsSession(error)) {
        if (state) retrySoon()
        throw error
      }
      await clear()
      return undefined
    }
  }

  /**
   * Asks again at once when no answer comes: the token before the last is good for seconds, and
   * longer only for the same exchange.
   */
  async function ask(refreshToken: string | undefined): Promise<SignedIn> {
    const attemptId = attempt.read() ?? crypto.randomUUID()
    attempt.write(attemptId)
    const send = () =>
      http({
        method: 'POST',
        path: '/auth/refresh',
        fields: { refreshToken, attemptId },
        signal: AbortSignal.timeout(refreshTimeoutMs),
      })
    const answer = await send().catch((error) => {
      if (error instanceof Failure && error.status >= 500) return send()
      throw error
    })
    return answer as SignedIn
  }

  return {
    state: () => state,
    onChange: (listener: (state: SessionState | undefined) => void) => on('change', listener),
    adopt,
    refresh,
    /** How often this tab itself was given an access token for a refresh token. */
    exchanges: () => exchanges,
    clear,
    /** Asks for nothing by itself any more. */
    close: () => clearTimeout(retryTimer),
    /** What a sign-out must name where no cookie does. */
    refreshToken: () => tokens?.read() ?? Promise.resolve(undefined),
    /** An access token that is good for now; none when nobody is signed in. */
    async token(): Promise<string | undefined> {
      if (!state || isFresh(state)) return state?.accessToken
      return (await refresh())?.accessToken
    },
    /** Who must be signed in, or a failure. */
    demand(): SessionState {
      if (!state) throw kitFailure('unauthenticated', 'Sign in first.')
      return state
    },
  }
}

function isFresh({ expiresAt }: SessionState): boolean {
  return expiresAt - Date.now() > marginMs
}

/** Whether the server has said that the session is over, and not merely failed to answer. */
function endsSession(error: unknown): boolean {
  if (!(error instanceof Failure)) return false
  return error.status === 401 || error.code === 'account_blocked'
}
