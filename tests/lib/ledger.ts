import type { StoaClient } from '../../client/index.ts'
import { eventually } from '../../kit/testing.ts'
import { arrive, type Person, password, patiently } from './people.ts'
import { freePort } from './ports.ts'
import { type Server, startServer } from './server.ts'

/** What people write to, and what goes wrong with it. */
export type Site = {
  /** Its doors: each person keeps to one. */
  urls: readonly string[]
  /** Kills something without a word of warning, and brings it back. */
  crash(): Promise<void>
}

export type CampaignOptions = {
  kills: number
  senders: number
  /** Time between two kills, drawn anew each time. */
  uptimeMs: () => number
  /** Ends the campaign before the last kill. */
  enough?: () => boolean
  report?: (line: string) => void
}

export type CampaignResult = {
  kills: number
  acknowledged: number
  /** Acknowledged, and not there afterwards. */
  lost: string[]
  /** There more than once. */
  repeated: string[]
  /** Conversations whose numbers have a gap, or a sender's messages out of order. */
  disordered: string[]
  /** Members who were shown something twice, out of order, or not at all. */
  wronglyShown: string[]
  /** People whose session ended, though nobody ended it. */
  signedOut: string[]
}

/** On a busy machine a client may miss server after server while each lives for seconds only. */
const patienceMs = 300_000

type Stored = { uuid: string; seq: number; senderId: string; content: string }

/** The campaign against one server, which is killed again and again. */
export async function runCampaign({
  folder,
  environment = {},
  ...options
}: CampaignOptions & {
  folder: string
  environment?: Record<string, string>
}): Promise<CampaignResult> {
  const port = await freePort()
  let server: Server = await startServer({ folder, port, environment })
  const site: Site = {
    urls: [server.url],
    async crash() {
      await server.kill('SIGKILL')
      server = await startServer({ folder, port, environment })
    },
  }
  const result = await runCampaignAt(site, options)
  await server.kill('SIGTERM')
  return result
}

/**
 * People write to each other while what serves them is killed again and again. A ledger keeps
 * what was acknowledged; in the end it is held against what is stored, and against what each
 * member was shown live or by catching up.
 */
export async function runCampaignAt(site: Site, options: CampaignOptions): Promise<CampaignResult> {
  const { senders, uptimeMs, enough = () => false, report = () => undefined } = options
  const doorOf = (n: number) => site.urls[n % site.urls.length] ?? ''

  const admin = await arrive(doorOf(0), 'admin')
  const people: Person[] = [admin]
  for (let i = 1; i < senders; i++) people.push(await arrive(doorOf(i), `sender${i}`))
  // In twos from different doors, where there are two.
  for (let i = 0; i + 1 < people.length; i += 2) {
    const [one, other] = [people[i], people[i + 1]]
    if (!one || !other) continue
    await patiently(() => one.client.api.chat.openDirect({ userId: other.id }))
  }
  const participantIds = people.slice(1).map(({ id }) => id)
  await patiently(() => admin.client.api.chat.createGroup({ name: 'Everybody', participantIds }))

  const acknowledged = new Map<string, { conversationId: string; seq: number }>()
  const shown = new Map<Person, Map<string, number[]>>()
  const signedOut: string[] = []
  let writing = true

  for (const person of people) {
    shown.set(person, keepShown(person.client))
    person.client.outbox.onChange((news) => {
      if (!('message' in news)) return
      const { uuid, conversationId, seq } = news.message
      acknowledged.set(uuid, { conversationId, seq })
    })
    person.client.onUser((user) => {
      if (user) return
      signedOut.push(`${person.username} at ${new Date().toISOString()}`)
      void signInAgain(person)
    })
    person.client.live.connect()
  }
  const memberships = new Map<Person, string[]>()
  for (const person of people) {
    await eventually(() => person.client.live.state() === 'online', Boolean, patienceMs)
    const { items } = await patiently(() =>
      person.client.api.chat.listConversations({ limit: 100 }),
    )
    memberships.set(
      person,
      items.map(({ id }) => id),
    )
    for (const { id } of items) await patiently(() => person.client.conversations.open(id))
  }

  const writers = people.map((person) => write(person, memberships.get(person) ?? []))
  let kills = 0
  while (kills < options.kills && !enough()) {
    await new Promise((resolve) => setTimeout(resolve, uptimeMs()))
    await site.crash()
    kills += 1
    report(`kill ${kills}: ${acknowledged.size} acknowledged so far`)
  }
  await eventually(
    () => people.every(({ client }) => client.live.state() === 'online'),
    Boolean,
    patienceMs,
  )
  writing = false
  await Promise.all(writers)
  await eventually(
    () => people.every(({ client }) => client.outbox.entries().length === 0),
    Boolean,
    patienceMs,
  )

  const stored = new Map<string, Stored[]>()
  for (const id of new Set([...memberships.values()].flat())) {
    const member = people.find((person) => memberships.get(person)?.includes(id))
    if (member) stored.set(id, await listAll(member.client, id))
  }
  for (const person of people) {
    for (const id of memberships.get(person) ?? []) {
      const wanted = stored.get(id)?.length ?? 0
      await eventually(
        () => (shown.get(person)?.get(id)?.length ?? 0) >= wanted,
        Boolean,
        patienceMs / 10,
      ).catch(() => undefined)
    }
  }
  const found = audit({ acknowledged, stored, shown, memberships })
  for (const { client } of people) client.close()
  return { kills, acknowledged: acknowledged.size, ...found, signedOut }

  async function write(person: Person, ids: readonly string[]): Promise<void> {
    for (let n = 1; writing; n++) {
      const conversationId = ids[n % ids.length]
      if (conversationId) await person.client.outbox.send({ conversationId, content: `${n}` })
      // Neither floods the outbox while the server is away, nor lets it run dry.
      await eventually(
        () => person.client.outbox.entries().length < 5 || !writing,
        Boolean,
        patienceMs,
      )
    }
  }
}

/** So that the campaign goes on: what the session's end was worth is in the result. */
async function signInAgain({ username, client }: Person): Promise<void> {
  const login = () => client.api.accounts.login({ identifier: username, password })
  await eventually(() => login().catch(() => undefined), Boolean, patienceMs)
}

/** The numbers of the messages that a member sees, in the order of being shown. */
function keepShown(client: StoaClient): Map<string, number[]> {
  const byConversation = new Map<string, number[]>()
  const show = ({ conversationId, seq }: { conversationId: string; seq: number }) => {
    const seqs = byConversation.get(conversationId) ?? []
    seqs.push(seq)
    byConversation.set(conversationId, seqs)
  }
  client.on('message:new', show)
  client.on('caughtUp', ({ messages }) => {
    for (const message of messages) show(message)
  })
  return byConversation
}

async function listAll(client: StoaClient, conversationId: string): Promise<Stored[]> {
  const all: Stored[] = []
  let cursor: string | null = null
  do {
    const input = { conversationId, limit: 100, ...(cursor && { cursor }) }
    const page: { items: Stored[]; next: string | null } = await patiently(() =>
      client.api.chat.listMessages(input),
    )
    all.push(...page.items)
    cursor = page.next
  } while (cursor)
  return all.reverse()
}

function audit({
  acknowledged,
  stored,
  shown,
  memberships,
}: {
  acknowledged: ReadonlyMap<string, { conversationId: string; seq: number }>
  stored: ReadonlyMap<string, Stored[]>
  shown: ReadonlyMap<Person, ReadonlyMap<string, readonly number[]>>
  memberships: ReadonlyMap<Person, string[]>
}): Pick<CampaignResult, 'lost' | 'repeated' | 'disordered' | 'wronglyShown'> {
  const seqs = new Map<string, number>()
  const repeated: string[] = []
  const disordered: string[] = []
  for (const [id, messages] of stored) {
    for (const { uuid, seq } of messages) {
      if (seqs.has(uuid)) repeated.push(uuid)
      seqs.set(uuid, seq)
    }
    if (!messages.every(({ seq }, index) => seq === index + 1)) disordered.push(`${id}: gap`)
    for (const [senderId, own] of Map.groupBy(messages, ({ senderId }) => senderId)) {
      const numbers = own.map(({ content }) => Number(content))
      if (!numbers.every((n, index) => n > (numbers[index - 1] ?? 0))) {
        disordered.push(`${id}: messages of ${senderId}`)
      }
    }
  }
  const lost = [...acknowledged].filter(([uuid, { seq }]) => seqs.get(uuid) !== seq)
  const wronglyShown: string[] = []
  for (const [person, byConversation] of shown) {
    for (const id of memberships.get(person) ?? []) {
      const seen = byConversation.get(id) ?? []
      const wanted = (stored.get(id) ?? []).map(({ seq }) => seq)
      if (seen.join() !== wanted.join()) {
        wronglyShown.push(`${person.username} in ${id}: ${seen.length} of ${wanted.length}`)
      }
    }
  }
  return { lost: lost.map(([uuid]) => uuid), repeated, disordered, wronglyShown }
}
