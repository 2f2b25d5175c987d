import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Connection, connectHttp } from './http.ts'
import { freePort, type Program, startProgram } from './processes.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Limits protect against what a benchmark is; nothing else differs from the default. */
export const raisedLimits = {
  REQUIRE_EMAIL_CONFIRMATION: 'false',
  RATE_LIMIT_WINDOW: '10',
  RATE_LIMIT_DEFAULT: '1000000',
  RATE_LIMIT_AUTH: '1000000',
  SOCKET_EVENTS_PER_10S: '10000000',
  SOCKET_CONNECTS_PER_MINUTE: '10000000',
}

export function stoaEnvironment(dataFolder: string, port: number): Record<string, string> {
  return {
    NODE_ENV: 'production',
    LOG_LEVEL: 'warn',
    HOST: '127.0.0.1',
    PORT: String(port),
    DATA_FOLDER: dataFolder,
    ...raisedLimits,
  }
}

/** A server of its own on an empty data folder, as a process beside this one. */
export async function startStoa(dataFolder?: string): Promise<Program> {
  const folder = dataFolder ?? createFolder()
  const port = await freePort()
  const program = await startProgram({
    command: process.execPath,
    // As `npm start` does.
    words: ['--v8-pool-size=1', path.join(root, 'bin/bootstrap.mjs'), 'bin/run.mjs'],
    port,
    environment: stoaEnvironment(folder, port),
    ready: '/api/v1/health/ready',
  })
  return {
    ...program,
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]()
      if (!dataFolder) fs.rmSync(folder, { recursive: true })
    },
  }
}

export function createFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'stoa-bench-'))
}

export type Person = {
  userId: string
  username: string
  password: string
  accessToken: string
  refreshToken: string
}

type CallOptions = { token?: string; body?: unknown }

/** One call of the API; anything but success ends the benchmark. */
export async function callApi<Answer>(
  connection: Connection,
  binding: `${'GET' | 'POST' | 'PUT'} /${string}`,
  { token, body }: CallOptions = {},
): Promise<Answer> {
  const [method = '', route] = binding.split(' ')
  const headers = token ? { authorization: `Bearer ${token}` } : {}
  const text = body === undefined ? '' : JSON.stringify(body)
  const reply = await connection.request(method, `/api/v1${route}`, headers, text)
  if (reply.status >= 300) throw new Error(`${binding}: ${reply.status} ${reply.body}`)
  return JSON.parse(reply.body)
}

type SignedIn = { accessToken: string; refreshToken: string; user: { id: string } }

/** Sets the site up, and registers people as anybody would, with the password hash all have. */
export async function createPeople(port: number, count: number): Promise<Person[]> {
  const people: Person[] = []
  let next = 0
  async function work(connection: Connection): Promise<void> {
    while (next < count) {
      const index = next
      next += 1
      const account = accountOf(`person${index}`)
      const body = { ...account, termsAccepted: true }
      const signedIn = await callApi<SignedIn>(connection, 'POST /auth/register', { body })
      const { accessToken, refreshToken, user } = signedIn
      people[index] = { ...account, accessToken, refreshToken, userId: user.id }
    }
    connection.close()
  }
  const first = await connectHttp(port)
  const body = { siteName: 'Bench', ...accountOf('founder') }
  await callApi(first, 'POST /setup', { body })
  const others = Array.from({ length: 7 }, () => connectHttp(port))
  await Promise.all([first, ...(await Promise.all(others))].map(work))
  return people
}

function accountOf(username: string) {
  const password = `Correct-horse-${username}-battery`
  return { username, password, email: `${username}@bench.example` }
}

export async function createDirectConversation(
  connection: Connection,
  one: Person,
  other: Person,
): Promise<string> {
  const binding = `POST /conversations/direct/${other.userId}` as const
  return createWhenKnown(connection, binding, { token: one.accessToken, body: {} })
}

/** Services hear of new people a moment after these have signed up. */
async function createWhenKnown(
  connection: Connection,
  binding: `POST /${string}`,
  options: CallOptions,
): Promise<string> {
  const giveUp = performance.now() + 10_000
  for (;;) {
    try {
      return (await callApi<{ id: string }>(connection, binding, options)).id
    } catch (error) {
      const early = String(error).includes('user_not_found')
      if (!early || performance.now() > giveUp) throw error
      await pause(5)
    }
  }
}

export type Member = { token: string; conversationId: string }

/** Lets neighbours in a list talk with each other. */
export async function createConversationsOfTwo(
  port: number,
  people: readonly Person[],
): Promise<Member[]> {
  const connection = await connectHttp(port)
  const members: Member[] = []
  for (let index = 0; index + 1 < people.length; index += 2) {
    const [one, other] = people.slice(index, index + 2)
    if (!one || !other) break
    const conversationId = await createDirectConversation(connection, one, other)
    members.push({ token: one.accessToken, conversationId })
    members.push({ token: other.accessToken, conversationId })
  }
  connection.close()
  return members
}

export async function createGroupConversation(
  connection: Connection,
  owner: Person,
  members: readonly Person[],
): Promise<string> {
  const participantIds = members.map(({ userId }) => userId)
  const body = { name: 'Everybody', participantIds }
  const options = { token: owner.accessToken, body }
  return createWhenKnown(connection, 'POST /conversations/groups', options)
}

const messageText =
  'Shall we meet at nine by the old bridge? Bring the maps, and tell Ada that the boat is ready by ten.'

export const messageSize = `text of ${messageText.length} characters`

/** What a sender sends, as JSON text. */
export function toMessage(conversationId: string): string {
  const content = messageText
  return JSON.stringify({ conversationId, uuid: crypto.randomUUID(), content })
}
