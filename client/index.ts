import { createApi } from './api.ts'
import type { CaughtUpConversation, OwnAccount, Pushes } from './contracts.ts'
import { createConversations } from './conversations.ts'
import { createEmitter } from './emitter.ts'
import { createHttp } from './http.ts'
import { createLive } from './live.ts'
import { createOutbox } from './outbox.ts'
import { createSession } from './session.ts'
import {
  browserAttempt,
  browserOutbox,
  type KeyValueStore,
  memoryAttempt,
  memoryOutbox,
  memoryTokens,
  type OutboxStorage,
  type TokenStore,
} from './storage.ts'
import { browserTabs, createTabs, isBrowser, type Tabs } from './tabs.ts'

export { Failure } from '../kit/failure.ts'
export type * from './contracts.ts'
export type { Position } from './conversations.ts'
export type { LiveState } from './live.ts'
export type { OutboxNews } from './outbox.ts'
export type { SessionState } from './session.ts'
export {
  browserOutbox,
  memoryOutbox,
  memoryTokens,
  type OutboxEntry,
  type OutboxStorage,
  type TokenStore,
} from './storage.ts'
export { createTabs, type Tabs } from './tabs.ts'

export type ClientOptions = {
  /** Where the site is: `https://stoa.example`. */
  url: string
  /** Keeps the refresh token; browsers keep it in a cookie, and then there is no need for one. */
  tokens?: TokenStore
  /** Keeps unsent messages; `localStorage` in browsers, otherwise memory unless given. */
  storage?: OutboxStorage
  /** What joins the tabs of a browser together. */
  tabs?: Tabs
  fetch?: typeof fetch
}

/** Everything that a listener can be told of. */
export type ClientEvents = Pushes & {
  /** What was missed while the connection was away, one conversation at a time. */
  caughtUp: CaughtUpConversation
  /** A followed conversation is not open to the person any more. */
  gone: { conversationId: string }
}

export type StoaClient = ReturnType<typeof createClient>

/** The one client of web pages, bots and bridges: typed by the contracts, small at run time. */
export function createClient(options: ClientOptions) {
  const { url } = options
  const browser = isBrowser()
  const tabs = options.tabs ?? (browser ? browserTabs() : createTabs(undefined, undefined))
  const tokens = options.tokens ?? (browser ? undefined : memoryTokens())
  const http = createHttp(url, options.fetch ?? ((...request) => fetch(...request)))
  const local = browser
    ? (globalThis as unknown as { localStorage: KeyValueStore }).localStorage
    : undefined
  // Shared where the token is: a cookie belongs to all tabs, a token store to this client.
  const attempt = local && !tokens ? browserAttempt(local) : memoryAttempt()
  const session = createSession({ http, tabs, tokens, attempt })
  const live = createLive({ url, session })
  const api = createApi({ http, session, live })
  const conversations = createConversations(live)
  const outbox = createOutbox({
    live,
    session,
    storage: options.storage ?? (local ? browserOutbox(local) : memoryOutbox()),
  })
  const { on, emit } = createEmitter<ClientEvents>()
  let userId: string | undefined

  conversations.onPush(({ name, payload }) => emit(name as keyof Pushes, payload as never))
  conversations.onCaughtUp((caughtUp) => emit('caughtUp', caughtUp))
  conversations.onGone((gone) => emit('gone', gone))
  session.onChange((state) => {
    // What one person has seen is no position of the next one.
    if (state?.user.id !== userId) conversations.clear()
    userId = state?.user.id
  })

  return {
    /** Calls operations: `client.api.accounts.login({ identifier, password })`. */
    api,
    /** Hears what the server sends: `client.on('message:new', (message) => …)`. */
    on,
    conversations: {
      open: conversations.open,
      follow: conversations.follow,
      unfollow: conversations.unfollow,
      positions: conversations.positions,
    },
    outbox,
    live: {
      state: live.state,
      onState: live.onState,
      /** Opens the live connection, and keeps it open while somebody is signed in. */
      connect(): void {
        live.connect()
        void outbox.load()
      },
      disconnect: live.disconnect,
    },

    /** Who is signed in; learned from `resume` after a reload. */
    user: (): OwnAccount | undefined => session.state()?.user,
    onUser: (listener: (user: OwnAccount | undefined) => void) =>
      session.onChange((state) => listener(state?.user)),
    /** Takes up the session that a cookie or the token store still holds. */
    async resume(): Promise<OwnAccount | undefined> {
      return (await session.refresh())?.user
    },
    /** Ends the session, here and in the other tabs. */
    async signOut(): Promise<void> {
      const refreshToken = await session.refreshToken()
      try {
        await api.accounts.logout(refreshToken === undefined ? {} : { refreshToken })
      } catch (error) {
        await session.clear()
        throw error
      }
    },
    close(): void {
      live.disconnect()
      session.close()
      tabs.close()
    },
  }
}
