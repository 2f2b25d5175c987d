import { start } from '../../bin/app.ts'
import { published } from '../../bin/contracts.ts'
import type { OperationDefinition } from '../../kit/contract.ts'
import { placeholdersOf } from '../../kit/contract.ts'
import { temporaryFolder } from '../../kit/testing.ts'
import { type Person, password, setUp, signUp } from './people.ts'
import { testEnvironment } from './server.ts'

/** The whole product within the test, with an admin and a member. */
export type Product = AsyncDisposable & {
  url: string
  /** Where its databases are. */
  folder: string
  admin: Person
  member: Person
  /** Signs somebody in; answers with the access token. */
  tokenOf(identifier: string): Promise<string>
}

export async function openProduct(environment: Record<string, string> = {}): Promise<Product> {
  const folder = temporaryFolder()
  const app = await start({
    ...testEnvironment,
    PORT: '0',
    DATA_FOLDER: folder.path,
    LOG_LEVEL: 'error',
    SOCKET_EVENTS_PER_10S: '1000000',
    SOCKET_CONNECTS_PER_MINUTE: '1000000',
    // The test shares the event loop, and holds it up.
    MAX_EVENT_LOOP_DELAY_MS: '60000',
    ...environment,
  })
  const admin = await setUp(app.url)
  const member = await signUp(app.url, 'member')
  return {
    url: app.url,
    folder: folder.path,
    admin,
    member,
    async tokenOf(identifier) {
      const { body } = await sendTo(app.url, 'POST', '/auth/login', {
        json: { identifier, password },
      })
      return String(body.accessToken)
    },
    async [Symbol.asyncDispose]() {
      admin.client.close()
      member.client.close()
      await app[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

export type Answer = { status: number; headers: Headers; body: Record<string, unknown> }

export type Content = {
  token?: string | null
  headers?: Record<string, string>
  json?: unknown
  raw?: { type: string; body: Uint8Array | string }
}

/** One request to the API; the path is below its prefix, with its query. */
export async function sendTo(
  url: string,
  method: string,
  path: string,
  { token, headers, json, raw }: Content = {},
): Promise<Answer> {
  const type = raw?.type ?? (json !== undefined && 'application/json')
  const body = raw?.body ?? (json !== undefined && JSON.stringify(json))
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(type && { 'content-type': type }),
      ...headers,
    },
    ...(body !== false && { body: new Uint8Array(Buffer.from(body)) }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : {} }
}

/** Everything that can be called over HTTP. */
export const httpOperations = published.flatMap((contract) =>
  Object.entries<OperationDefinition>(contract.operations)
    .filter(([, { http }]) => http)
    .map(([name, definition]) => ({ name: `${contract.service}.${name}`, definition })),
)

/** Where and how an input travels: in the path, and in the query or the body. */
export function toRequest(
  { http }: OperationDefinition,
  input: Readonly<Record<string, unknown>>,
): { method: string; path: string; json?: unknown } {
  const [method = '', template = ''] = (http ?? '').split(' ')
  const rest = { ...input }
  let path = template
  for (const field of placeholdersOf(template)) {
    path = path.replace(`{${field}}`, encodeURIComponent(String(rest[field]).toWellFormed()))
    delete rest[field]
  }
  if (hasBody(method)) return { method, path, json: rest }
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(rest)) {
    for (const each of Array.isArray(value) ? value : [value]) query.append(key, toQueryText(each))
  }
  return { method, path: query.size > 0 ? `${path}?${query}` : path }
}

export function hasBody(method: string): boolean {
  return method !== 'GET' && method !== 'DELETE'
}

function toQueryText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
