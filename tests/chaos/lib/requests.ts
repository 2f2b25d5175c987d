import { setTimeout as pause } from 'node:timers/promises'
import * as z from 'zod'
import { eventually } from '../../../kit/testing.ts'
import { arrive, type Person, password, patiently } from '../../lib/people.ts'
import { type Answer, sendTo } from '../../lib/product.ts'
import { say, type Words } from './installation.ts'

/** What callers were answered, and what they should not have been. */
export type Outcome = {
  asked: number
  /** How many were answered as asked, and how many were refused, by code. */
  byCode: Readonly<Record<string, number>>
  /** Neither answered as asked nor refused by an error of the one shape. */
  untyped: string[]
  /** Answers to another call. */
  misrouted: string[]
  /** Acknowledged, and not there afterwards. */
  lost: string[]
  /** There more than once. */
  repeated: string[]
}

export type RequestOptions = {
  url: string
  shareOf: Words['shareOf']
  /** Callers that ask side by side, each when it has its last answer. */
  atOnce: number
  /** What happens while they ask; they go on until it is over. */
  meanwhile(progress: Progress): Promise<void>
}

export type Progress = {
  asked(): number
  /** Settles when that share of the campaign is over. */
  reach(share: number): Promise<unknown>
}

const ErrorBody = z.object({
  statusCode: z.number(),
  code: z.string(),
  message: z.string(),
  requestId: z.string(),
})
/** A refusal by which people are told to come again. */
const retryable = ['unavailable', 'overloaded']
const patienceMs = 60_000
const refusedMs = 250

/**
 * Half of the calls read a profile, the other half send a message: each answer can belong to one
 * call only, and what was acknowledged must be stored once.
 */
export async function runRequests(options: RequestOptions): Promise<Outcome> {
  const { url, shareOf, atOnce, meanwhile } = options
  const admin = await arrive(url, 'admin')
  const people: Person[] = []
  for (let n = 0; n < atOnce; n++) people.push(await arrive(url, `caller${n}`))
  const callers = await Promise.all(people.map((person) => openCaller(admin, person)))

  const byCode = new Map<string, number>()
  const untyped: string[] = []
  const misrouted: string[] = []
  const acknowledged = new Set<string>()
  let asked = 0
  let over = false

  async function work({ token, conversationId, person }: Caller): Promise<void> {
    while (!over || shareOf(asked) < 1) {
      const n = asked++
      const other = people[n % people.length]?.id ?? ''
      if (n % 2 === 0) {
        const answer = await ask(() => sendTo(url, 'GET', `/users/${other}`, { token }))
        if (answer && answer.body.id !== other) misrouted.push(`profile of ${other}`)
        continue
      }
      const json = { conversationId, uuid: crypto.randomUUID(), content: `${person.username} ${n}` }
      const answer = await ask(() => sendTo(url, 'POST', '/messages', { token, json }))
      if (!answer) continue
      if (answer.body.uuid !== json.uuid) misrouted.push(`message ${json.uuid}`)
      acknowledged.add(json.uuid)
    }
  }

  /** One call; answers with what came, when it is what was asked for. */
  async function ask(send: () => Promise<Answer>): Promise<Answer | undefined> {
    const answer = await within(patienceMs, send()).catch((error) => describe(error))
    if (typeof answer === 'string') {
      untyped.push(answer)
      return undefined
    }
    const { status, body } = answer
    const refusal = ErrorBody.safeParse(body)
    const code = status < 300 ? 'ok' : (refusal.data?.code ?? '')
    byCode.set(code, (byCode.get(code) ?? 0) + 1)
    if (status < 300) return answer
    if (!refusal.success || refusal.data.statusCode !== status || !retryable.includes(code)) {
      untyped.push(`${status} ${JSON.stringify(body)}`)
    }
    // As everybody does who is told to come again.
    await pause(refusedMs)
    return undefined
  }

  async function disturb(): Promise<void> {
    try {
      const reach = (share: number) =>
        eventually(() => shareOf(asked) >= share, Boolean, Number.MAX_SAFE_INTEGER)
      await meanwhile({ asked: () => asked, reach })
    } finally {
      over = true
    }
  }

  await Promise.all([disturb(), ...callers.map(work)])
  const stored = await Promise.all(callers.map((caller) => listUuids(url, caller)))
  const times = new Map<string, number>()
  for (const uuid of stored.flat()) times.set(uuid, (times.get(uuid) ?? 0) + 1)
  return {
    asked,
    byCode: Object.fromEntries(byCode),
    untyped,
    misrouted,
    lost: [...acknowledged].filter((uuid) => !times.has(uuid)),
    repeated: [...times].filter(([, count]) => count > 1).map(([uuid]) => uuid),
  }
}

type Caller = { token: string; conversationId: string; person: Person }

async function openCaller(admin: Person, person: Person): Promise<Caller> {
  const { chat, accounts } = person.client.api
  const { id: conversationId } = await patiently(() => chat.openDirect({ userId: admin.id }))
  const { username: identifier } = person
  const { accessToken = '' } = await patiently(() => accounts.login({ identifier, password }))
  person.client.close()
  return { token: accessToken, conversationId, person }
}

async function listUuids(url: string, { token, conversationId }: Caller): Promise<string[]> {
  const uuids: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query = `limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
    const path = `/conversations/${conversationId}/messages?${query}`
    const answer = await eventually(
      () => sendTo(url, 'GET', path, { token }).catch(() => undefined),
      (given) => given?.status === 200,
      patienceMs,
    )
    const page = answer?.body as { items: { uuid: string }[]; next: string | null }
    uuids.push(...page.items.map(({ uuid }) => uuid))
    cursor = page.next
  }
  return uuids
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const timer = Promise.withResolvers<never>()
  const timeout = setTimeout(() => timer.reject(new Error('No answer came')), ms)
  try {
    return await Promise.race([work, timer.promise])
  } finally {
    clearTimeout(timeout)
  }
}

function describe(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}

/** Says what came of it; the script fails when anything did that may not. */
export function judge(what: string, outcome: Outcome, wrong: readonly string[]): void {
  const { asked, byCode, untyped, misrouted, lost, repeated } = outcome
  say(
    `${what}: ${asked} asked, ${JSON.stringify(byCode)}; ${untyped.length} without a typed answer, ` +
      `${misrouted.length} misrouted, ${lost.length} lost, ${repeated.length} repeated`,
  )
  if (wrong.length === 0) return
  process.stderr.write(`${wrong.slice(0, 50).join('\n')}\n`)
  process.exitCode = 1
}
