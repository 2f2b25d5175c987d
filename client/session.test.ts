import { expect, test } from 'vitest'
import { eventually } from '../kit/testing.ts'
import { createClient, createTabs, memoryTokens, type StoaClient, type Tabs } from './index.ts'

/** A server that rotates refresh tokens, with a grace for the one before the last. */
function createServer() {
  let current = 'refresh-0'
  let previous: string | undefined
  let issued = 0
  const server = {
    revoked: false,
    refreshes: 0,
    calls: [] as { path: string; method: string; key: string | null; token: string | null }[],
    /** Access tokens that are good. */
    good: new Set<string>(),
    graceOver: false,
    /** What the next calls of other operations answer. */
    answers: [] as (() => Response | Promise<Response>)[],
    cookie: (): string => current,
    fetch: async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
      const path = new URL(String(input)).pathname.replace('/api/v1', '')
      const headers = new Headers(init.headers)
      const token = headers.get('authorization')?.replace('Bearer ', '') ?? null
      const { method = 'GET' } = init
      server.calls.push({ path, method, key: headers.get('idempotency-key'), token })
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 2))
      init.signal?.throwIfAborted()
      if (path === '/auth/refresh')
        return server.refresh(JSON.parse(String(init.body)).refreshToken)
      if (path === '/auth/logout') return Response.json({})
      if (path === '/auth/login') return Response.json(server.issue())
      const answer = server.answers.shift()
      if (answer) return answer()
      if (token !== null && server.good.has(token)) return Response.json({ id: 'ann' })
      return refusal(401, 'unauthenticated')
    },
    issue() {
      issued += 1
      previous = current
      current = `refresh-${issued}`
      const accessToken = `access-${issued}`
      server.good.add(accessToken)
      return { accessToken, expiresIn: 600, refreshToken: current, user: { id: 'ann' } }
    },
    refresh(given: string | undefined): Response {
      server.refreshes += 1
      const token = given ?? current
      const known = token === current || (token === previous && !server.graceOver)
      if (!known || server.revoked) {
        server.revoked = true
        return refusal(401, 'refresh_token_reused')
      }
      return Response.json(server.issue())
    },
  }
  return server
}

function refusal(statusCode: number, code: string, headers = {}): Response {
  const body = { statusCode, code, message: code, path: '/', timestamp: '', requestId: 'r' }
  return Response.json(body, { status: statusCode, headers })
}

/** One browser: tabs share a lock, a channel and the cookie, which their scripts never see. */
function createBrowser() {
  const listeners = new Set<{ tab: number; hear: (event: { data: unknown }) => void }>()
  let tail: Promise<unknown> = Promise.resolve()
  let opened = 0
  return {
    openTab(): Tabs {
      const tab = opened++
      const locks = {
        request<T>(_name: string, work: () => Promise<T>): Promise<T> {
          const mine = tail.then(work)
          tail = mine.catch(() => undefined)
          return mine
        },
      }
      return createTabs(locks, {
        postMessage(message) {
          for (const listener of listeners) {
            if (listener.tab === tab) continue
            setTimeout(() => listener.hear({ data: structuredClone(message) }), Math.random() * 3)
          }
        },
        addEventListener: (_type, hear) => void listeners.add({ tab, hear }),
        close: () => {},
      })
    },
  }
}

function openTab(server: ReturnType<typeof createServer>, tabs: Tabs): StoaClient {
  // Every tab reads what the cookie holds at that moment.
  const tokens = { read: async () => server.cookie(), write: async () => {} }
  return createClient({ url: 'http://site.example', tabs, tokens, fetch: server.fetch as never })
}

function openAlone(server: ReturnType<typeof createServer>): StoaClient {
  const tokens = memoryTokens()
  void tokens.write('refresh-0')
  return createClient({ url: 'http://site.example', tokens, fetch: server.fetch as never })
}

test('calls made at once share one refresh and all succeed', async () => {
  const server = createServer()
  const client = openAlone(server)
  await client.resume()
  server.good.clear()

  const answers = await Promise.all(
    Array.from({ length: 20 }, () => client.api.accounts.getOwnAccount({})),
  )

  expect(answers.every(({ id }) => id === 'ann')).toBe(true)
  expect(server.refreshes).toBe(2)
})

test('tabs that refresh at random never log each other out', async () => {
  const server = createServer()
  server.graceOver = true
  const browser = createBrowser()
  const tabs = Array.from({ length: 4 }, () => openTab(server, browser.openTab()))
  await Promise.all(tabs.map((tab) => tab.resume()))
  const seen: unknown[] = []
  for (const tab of tabs) tab.onUser((user) => user ?? seen.push('signed out'))

  for (let round = 0; round < 50; round++) {
    server.good.clear()
    await Promise.all(tabs.map((tab) => tab.api.accounts.getOwnAccount({})))
  }

  expect(seen).toEqual([])
  expect(server.revoked).toBe(false)
  // Without sharing it would be one for each tab and round.
  expect(server.refreshes).toBeLessThan(50 * 4)
})

test('a call asks the server for a token when those that other tabs tell of are void', async () => {
  const server = createServer()
  const news: { hear?: (event: { data: unknown }) => void } = {}
  const tabs = createTabs(
    { request: (_name, work) => work() },
    {
      postMessage: () => {},
      addEventListener: (_type, hear) => {
        news.hear = hear
      },
      close: () => {},
    },
  )
  const client = openTab(server, tabs)
  await client.resume()
  server.good.clear()
  for (const accessToken of ['void-1', 'void-2', 'void-3']) {
    server.answers.push(() => {
      const expiresAt = Date.now() + 1_000_000
      const state = { user: { id: 'ann' }, accessToken, expiresAt }
      news.hear?.({ data: { type: 'signed-in', state } })
      return refusal(401, 'unauthenticated')
    })
  }
  server.calls.length = 0

  await client.api.accounts.getOwnAccount({})

  expect(server.calls.map(({ path, token }) => [path, token])).toEqual([
    ['/auth/profile', 'access-1'],
    ['/auth/profile', 'void-1'],
    ['/auth/profile', 'void-2'],
    ['/auth/profile', 'void-3'],
    ['/auth/refresh', null],
    ['/auth/profile', 'access-2'],
  ])
  client.close()
})

test('a call gives up when the token that the server has just given is refused', async () => {
  const server = createServer()
  const client = openAlone(server)
  await client.resume()
  const refuse = () => refusal(401, 'unauthenticated')
  server.answers.push(refuse, refuse, refuse)
  server.calls.length = 0

  await expect(client.api.accounts.getOwnAccount({})).rejects.toMatchObject({
    code: 'unauthenticated',
  })

  expect(server.refreshes).toBe(2)
  expect(server.answers).toHaveLength(1)
})

test('signing in and out in one tab is seen by all', async () => {
  const server = createServer()
  const browser = createBrowser()
  const [one, two] = [openTab(server, browser.openTab()), openTab(server, browser.openTab())]
  const seen: (string | undefined)[] = []
  two.onUser((user) => seen.push(user?.id))

  await one.api.accounts.login({ identifier: 'ann', password: 'secret' })
  await expect.poll(() => two.user()?.id).toBe('ann')
  await one.signOut()
  await expect.poll(() => two.user()).toBe(undefined)

  expect(seen).toEqual(['ann', undefined])
  expect(one.user()).toBe(undefined)
})

test('a refused refresh signs out; one without an answer does not', async () => {
  const server = createServer()
  const client = openAlone(server)
  await client.resume()
  const { fetch } = server
  server.fetch = async () => Promise.reject(new TypeError('offline'))
  const offline = createClient({
    url: 'http://site.example',
    tokens: { read: async () => server.cookie(), write: async () => {} },
    fetch: ((...request: Parameters<typeof fetch>) => server.fetch(...request)) as never,
  })
  await expect(offline.resume()).rejects.toMatchObject({ code: 'unavailable' })
  server.fetch = fetch
  expect((await offline.resume())?.id).toBe('ann')

  server.revoked = true
  server.good.clear()
  await expect(client.api.accounts.getOwnAccount({})).rejects.toMatchObject({ status: 401 })
  expect(client.user()).toBe(undefined)
})

test('a refresh whose answer is lost is asked again at once, and not when it is too late', async () => {
  const server = createServer()
  const client = openAlone({ ...server, fetch: (...request) => server.fetch(...request) })
  await client.resume()
  const { fetch } = server
  const lost = [
    async (...request: Parameters<typeof fetch>) => void (await fetch(...request)),
    async () => undefined,
  ]
  server.fetch = async (...request) => {
    const lose = lost.shift()
    if (!lose) return fetch(...request)
    await lose(...request)
    throw new TypeError('reset')
  }
  const asked = server.refreshes

  await expect(client.resume()).rejects.toMatchObject({ code: 'unavailable' })
  await eventually(() => server.refreshes === asked + 2)
  await eventually(() => client.api.accounts.getOwnAccount({}))

  server.graceOver = true
  expect((await client.resume())?.id).toBe('ann')
  client.close()
})

test('an exchange keeps its id until it has an answer, and the next one has its own', async () => {
  const server = createServer()
  const client = openAlone({ ...server, fetch: (...request) => server.fetch(...request) })
  const { fetch } = server
  const ids: string[] = []
  let isLost = true
  server.fetch = async (input, init) => {
    if (String(input).endsWith('/auth/refresh')) {
      ids.push(JSON.parse(String(init?.body)).attemptId)
      if (isLost) throw new TypeError('reset')
    }
    return fetch(input, init)
  }
  await expect(client.resume()).rejects.toMatchObject({ code: 'unavailable' })
  isLost = false
  await client.resume()
  await client.resume()

  const [first, again, answered, next] = ids
  expect(ids).toEqual([first, first, first, next])
  expect([again, answered]).not.toContain(next)
  expect(first).toMatch(/^[0-9a-f-]{36}$/)
})

test('a failure carries code, status, fields and when to retry', async () => {
  const server = createServer()
  const client = openAlone(server)
  await client.resume()
  server.answers.push(
    () => refusal(429, 'rate_limited', { 'retry-after': '7' }),
    () =>
      Response.json(
        {
          statusCode: 400,
          code: 'invalid_input',
          message: 'No.',
          errors: [{ field: 'limit', message: 'Too big' }],
          requestId: 'r',
        },
        { status: 400 },
      ),
  )

  await expect(client.api.accounts.getOwnAccount({})).rejects.toMatchObject({
    code: 'rate_limited',
    status: 429,
    retryAfter: 7,
  })
  await expect(client.api.accounts.listSessions({ limit: 1_000 })).rejects.toMatchObject({
    code: 'invalid_input',
    errors: [{ field: 'limit' }],
  })
})

test('a call that gets no answer is repeated, under one key where it must not act twice', async () => {
  const server = createServer()
  const client = openAlone(server)
  await client.resume()
  server.calls.length = 0
  const offline = () => Promise.reject(new TypeError('reset'))
  server.answers.push(offline, offline, () => Response.json({ expiresAt: 'soon' }))

  await client.api.accounts.resendEmail({})

  expect(server.calls.map(({ path }) => path)).toEqual(Array(3).fill('/auth/resend-email'))
  expect(new Set(server.calls.map(({ key }) => key)).size).toBe(1)
  expect(server.calls[0]?.key).toMatch(/-/)
})

test('a call whose answer holds tokens is not repeated', async () => {
  const server = createServer()
  const client = openAlone(server)
  const refuse = server.fetch
  let calls = 0
  server.fetch = async (...request) => {
    calls += 1
    await refuse(...request)
    throw new TypeError('reset')
  }
  const unlucky = createClient({ url: 'http://site.example', fetch: server.fetch as never })

  await expect(
    unlucky.api.accounts.login({ identifier: 'ann', password: 'secret' }),
  ).rejects.toMatchObject({ code: 'unavailable' })
  expect(calls).toBe(1)
  client.close()
})

test('a caller may give up, and a call that takes too long is unavailable', async () => {
  const hanging = createClient({
    url: 'http://site.example',
    fetch: ((_input: unknown, init: RequestInit) =>
      new Promise((_, reject) =>
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason)),
      )) as never,
  })
  const controller = new AbortController()
  const given = hanging.api.accounts.getSetup({}, { signal: controller.signal })
  controller.abort(new Error('changed my mind'))

  await expect(given).rejects.toThrow('changed my mind')
  await expect(hanging.api.accounts.getSetup({}, { timeoutMs: 20 })).rejects.toMatchObject({
    code: 'unavailable',
  })
})

test('fields go into the path, the query and the body as the contract says', async () => {
  const seen: { url: string; init: RequestInit }[] = []
  const client = createClient({
    url: 'http://site.example/',
    fetch: (async (url: string, init: RequestInit) => {
      seen.push({ url, init })
      return Response.json({})
    }) as never,
  })

  await client.api.chat.removeReaction({ messageId: 'a/b', emoji: '👍' })
  await client.api.chat.listMessages({ conversationId: 'c', limit: 5, around: 7 })
  await client.api.chat.muteConversation({ conversationId: 'c', muted: true })

  const base = 'http://site.example/api/v1'
  expect(seen.map(({ url }) => url)).toEqual([
    `${base}/messages/a%2Fb/reactions/%F0%9F%91%8D`,
    `${base}/conversations/c/messages?limit=5&around=7`,
    `${base}/conversations/c/mute`,
  ])
  expect(seen[2]?.init).toMatchObject({ method: 'PUT', body: '{"muted":true}' })
})
