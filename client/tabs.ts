/** The parts of Web Locks and BroadcastChannel that are used; tests and other hosts bring theirs. */
export type Locks = { request<T>(name: string, work: () => Promise<T>): Promise<T> }
export type Channel = {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  close(): void
}

/** What lets the tabs of one browser act as one client. */
export type Tabs = {
  /** Runs something in one tab at a time. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
  tell(news: unknown): void
  onNews(listener: (news: unknown) => void): void
  close(): void
}

const name = 'stoa.session'

export function createTabs(locks: Locks | undefined, channel: Channel | undefined): Tabs {
  return {
    exclusively: (work) => (locks ? locks.request(name, work) : work()),
    tell: (news) => channel?.postMessage(news),
    onNews: (listener) => channel?.addEventListener('message', ({ data }) => listener(data)),
    close: () => channel?.close(),
  }
}

type BrowserGlobals = {
  document?: unknown
  navigator?: { locks?: Locks }
  BroadcastChannel?: new (name: string) => Channel
}

const globals = globalThis as unknown as BrowserGlobals

/** Node has these too, but clients of one process are not tabs of one person. */
export function isBrowser(): boolean {
  return globals.document !== undefined
}

export function browserTabs(): Tabs {
  const { navigator, BroadcastChannel } = globals
  return createTabs(navigator?.locks, BroadcastChannel && new BroadcastChannel(name))
}
