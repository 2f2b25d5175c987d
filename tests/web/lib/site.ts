import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { OwnAccount } from '../../../contracts/accounts.ts'
import { noteComplaints, openBrowser, openContext, type View, watchConnections } from './browser.ts'
import { openStand, type Stand } from './stand.ts'

export const password = 'a rather long pass phrase 7'

export type Visitor = { context: BrowserContext; page: Page }
export type SomeOne = Visitor & { user: OwnAccount }

/** The real server with the real web app, and browsers before it. */
export type Site = AsyncDisposable & {
  url: string
  browser: Browser
  /** What any browser complained of: scripts that failed, breaches of the policy. */
  complaints: string[]
  /** Where the first admin is made; gone once there is one. */
  setupUrl(): string | undefined
  /** The first admin, named `admin`; opens everything else. */
  admin(view?: View): Promise<SomeOne>
  /** Somebody new, signed up and signed in, at the start page of signed-in people. */
  person(username: string, view?: View): Promise<SomeOne>
  /** Another browser of somebody who has an account. */
  signedIn(username: string, view?: View): Promise<SomeOne>
  visitor(view?: View): Promise<Visitor>
  /** Stops the server, as for an update; `start` brings it back at the same address. */
  stop(): Promise<void>
  start(): Promise<void>
}

export type SiteOptions = {
  environment?: Record<string, string>
  /** Whether an admin is made first; yes unless said otherwise. */
  setUp?: boolean
  /** What stands behind the address, when a test has made it by itself. */
  stand?: Stand
}

export async function openSite({
  environment = {},
  setUp = true,
  stand: given,
}: SiteOptions = {}): Promise<Site> {
  await using undo = new AsyncDisposableStack()
  const stand = undo.use(given ?? (await openStand(environment)))
  const { url } = stand
  const complaints: string[] = []
  const browser = await openBrowser()
  undo.defer(() => browser.close())

  async function visitor(view?: View): Promise<Visitor> {
    const context = await openContext(browser, url, view)
    await noteComplaints(context, url, complaints)
    watchConnections(context)
    return { context, page: await context.newPage() }
  }

  /** Calls as a page of the site does, so that the cookie of the session comes to this browser. */
  async function call(at: Visitor, path: string, data: unknown): Promise<OwnAccount> {
    const headers = { origin: url, 'sec-fetch-site': 'same-origin' }
    const answer = await at.context.request.post(`/api/v1${path}`, { data, headers })
    if (!answer.ok()) throw new Error(`${path} answered ${answer.status()}: ${await answer.text()}`)
    return (await answer.json()).user
  }

  async function enter(path: string, data: unknown, view?: View): Promise<SomeOne> {
    const at = await visitor(view)
    const user = await call(at, path, data)
    await at.page.goto('/conversations')
    return { ...at, user }
  }

  if (setUp) {
    const at = await visitor()
    await call(at, '/setup', {
      siteName: 'Agora',
      username: 'admin',
      email: 'admin@example.org',
      password,
    })
    await at.context.close()
  }

  const rest = undo.move()
  return {
    url,
    browser,
    complaints,
    setupUrl: stand.setupUrl,
    visitor,
    admin: (view) => enter('/auth/login', { identifier: 'admin', password }, view),
    signedIn: (username, view) => enter('/auth/login', { identifier: username, password }, view),
    person: (username, view) =>
      enter(
        '/auth/register',
        { username, email: `${username}@example.org`, password, termsAccepted: true },
        view,
      ),
    start: stand.start,
    stop: stand.stop,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}
