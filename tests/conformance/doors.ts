import { io } from 'socket.io-client'
import { openProduct, sendTo } from '../lib/product.ts'

/** How a door refused a token, and whether in the way in which tokens are to be refused. */
export type Refusal = { door: string; answer: unknown; proper: boolean }

/** Everything in a running server that takes an access token. */
export type Doors = AsyncDisposable & {
  names: readonly string[]
  /** A real token of a member. */
  token: string
  /** Shows a token at every door at once; answers with those that stayed shut. */
  tryAll(token: string): Promise<Refusal[]>
}

/** Starts the product with a known signing key (32 bytes). */
export async function openDoors(seed: Uint8Array): Promise<Doors> {
  const product = await openProduct({ SIGNING_KEY: Buffer.from(seed).toString('base64') })
  const { url } = product
  const honest = await product.tokenOf('member')

  async function ask(door: string, headers: Record<string, string>): Promise<Refusal | undefined> {
    const { status, body } = await sendTo(url, 'GET', '/auth/profile', { headers })
    return status === 200 ? undefined : { door, answer: body, proper: isUnauthenticated(body) }
  }

  async function verify(token: string): Promise<Refusal | undefined> {
    const { status, body } = await sendTo(url, 'POST', '/auth/token/verify', { json: { token } })
    const { valid, claims, code } = body as { valid?: boolean; claims?: unknown; code?: string }
    if (valid === true) return undefined
    // What cannot be a token at all is an input like any other.
    const proper = status === 200 ? valid === false && claims === null : code === 'invalid_input'
    return { door: 'introspection', answer: body, proper }
  }

  function handshake(
    door: string,
    given: { auth?: object; extraHeaders?: Record<string, string> },
  ): Promise<Refusal | undefined> {
    const socket = io(`${url}/chat`, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      ...given,
    })
    return new Promise<Refusal | undefined>((resolve) => {
      socket.once('connected', () => resolve(undefined))
      socket.once('connect_error', (error: Error & { data?: unknown }) =>
        resolve({ door, answer: error.data, proper: isUnauthenticated(error.data) }),
      )
    }).finally(() => socket.disconnect())
  }

  return {
    names: ['Authorization', 'X-Access-Token', 'introspection', 'handshake', 'handshake header'],
    token: honest,
    async tryAll(token) {
      const tried = await Promise.all([
        ask('Authorization', { authorization: `Bearer ${token}` }),
        ask('X-Access-Token', { 'x-access-token': token }),
        verify(token),
        handshake('handshake', { auth: { token } }),
        handshake('handshake header', { extraHeaders: { authorization: `Bearer ${token}` } }),
      ])
      return tried.filter((refusal) => refusal !== undefined)
    },
    [Symbol.asyncDispose]: () => product[Symbol.asyncDispose](),
  }
}

/** Whether an answer is the refusal of a token, complete in every field of the one error shape. */
function isUnauthenticated(answer: unknown): boolean {
  const { statusCode, code, message, path, timestamp, requestId } = answer as Record<
    string,
    unknown
  >
  return (
    statusCode === 401 &&
    code === 'unauthenticated' &&
    [message, path, timestamp, requestId].every((text) => typeof text === 'string' && text !== '')
  )
}
