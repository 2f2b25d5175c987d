import { Failure, kitFailure } from '../kit/failure.ts'
import type { Api, CallOptions, Route, Routes, SignedIn } from './contracts.ts'
import type { Http } from './http.ts'
import type { Live } from './live.ts'
import { routes } from './routes.ts'
import type { Session } from './session.ts'
import { backoffMs, pause } from './wait.ts'

const table: Routes = routes
const timeoutMs = 10_000
const attempts = 3

type Fields = Readonly<Record<string, unknown>>

export type ApiOptions = { http: Http; session: Session; live: Pick<Live, 'call'> }

/** Makes the methods that call operations, over HTTP where they can be and else over the socket. */
export function createApi({ http, session, live }: ApiOptions): Api {
  async function call(route: Route, input: Fields, options: CallOptions): Promise<unknown> {
    if (!route.http) return live.call(eventOf(route), input, options)
    const { method, path, fields } = place(route.http, input)
    const timeout = AbortSignal.timeout(options.timeoutMs ?? timeoutMs)
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
    const idempotencyKey = route.keyed ? crypto.randomUUID() : undefined
    let isRenewed = false

    for (let attempt = 1; ; attempt++) {
      const token = route.open ? session.state()?.accessToken : await session.token()
      try {
        return await http({ method, path, fields, token, idempotencyKey, signal })
      } catch (error) {
        options.signal?.throwIfAborted()
        if (!(error instanceof Failure)) throw error
        if (error.code === 'unauthenticated' && token !== undefined && !isRenewed) {
          // What another tab had got before may be void as well; what the server gives now is not.
          const exchanged = session.exchanges()
          if (!(await session.refresh(token))) throw error
          isRenewed = session.exchanges() > exchanged
          continue
        }
        if (attempt === attempts || signal.aborted || route.secret || !mayPass(error)) throw error
        await pause(backoffMs(attempt, error.retryAfter), signal)
      }
    }
  }

  async function callAndNote(service: string, name: string, route: Route, args: unknown[]) {
    const [input = {}, options = {}] = args as [Fields?, CallOptions?]
    const answer = await call(route, input, options)
    if (route.secret) await session.adopt(answer as SignedIn)
    if (service === 'accounts' && name === 'logout') await session.clear()
    return answer
  }

  const methods = Object.entries(table).map(([service, operations]) => [
    service,
    Object.fromEntries(
      Object.entries<Route>(operations).map(([name, route]) => [
        name,
        (...args: unknown[]) => callAndNote(service, name, route, args),
      ]),
    ),
  ])
  return Object.fromEntries(methods)
}

/** Whether the same request may succeed in a moment. */
function mayPass({ status, code }: Failure): boolean {
  return status === 502 || status === 503 || status === 504 || code === 'idempotency_in_progress'
}

function eventOf({ socket }: Route): string {
  const [, event] = socket?.split(' ') ?? []
  if (!event) throw kitFailure('not_found')
  return event
}

/** Puts fields into the path where it names them; the others are left for query or body. */
function place(http: string, input: Fields) {
  const [method = '', template = ''] = http.split(' ')
  const fields = { ...input }
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = fields[name]
    delete fields[name]
    return encodeURIComponent(String(value))
  })
  return { method, path, fields }
}
