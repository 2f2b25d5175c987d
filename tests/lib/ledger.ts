import net from 'node:net'
import type { StoaClient } from '../../client/index.ts'
import { eventually } from '../../kit/testing.ts'
import { type Person, setUp, signUp } from './people.ts'
import { type Server, startServer } from './server.ts'

export type CampaignOptions = {
  folder: string
  kills: number
  senders: number
  /** Time between two kills, drawn anew each time. */
  uptimeMs: () => number
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
}

type Stored = { uuid: string; seq: number; senderId: string; content: string }

/**
 * People write to each other while the server is killed again and again, without a word of
 * warning. A ledger keeps what was acknowledged; in the end it is held against what is stored,
 * and against what each member was shown live or by catching up.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { folder, kills, senders, uptimeMs, report = () => undefined } = options
  const port = await freePort()
  let server: Server = await startServer({ folder, port })
  const { url } = server

  const admin = await setUp(url)
  const people: Person[] = [admin]
  for (let i = 1; i < senders; i++) people.push(await signUp(url, `sender${i}`))
  const conversationIds: string[] = []
  for (let i = 0; i + 1 < people.length; i += 2) {
    const [one, other] = [people[i], people[i + 1]]
    if (!one || !other) continue
    const { id } = await one.client.api.chat.openDirect({ userId: other.id })
    conversationIds.push(id)
  }
  const group = await admin.client.api.chat.createGroup({
    name: 'Everybody',
    participantIds: people.slice(1).map(({ id }) => id),
  })
  conversationIds.push(group.id)

  const acknowledged = new Map<string, { conversationId: string; seq: number }>()
  const shown = new Map<Person, Map<string, Stored[]>>()
  let writing = true

  for (const person of people) {
    shown.set(person, keepShown(person.client))
    person.client.outbox.onChange((news) => {
      if (!('message' in news)) return
      const { uuid, conversationId, seq } = news.message
      acknowledged.set(uuid, { conversationId, seq })
    })
    person.client.live.connect()
  }
  const memberships = new Map<Person, string[]>()
  for (const person of people) {
    await eventually(() => person.client.live.state() === 'online')
    const { items } = await person.client.api.chat.listConversations({ limit: 100 })
    memberships.set(
      person,
      items.map(({ id }) => id),
    )
    for (const { id } of items) await person.client.conversations.open(id)
  }

  const writers = people.map((person) => write(person, memberships.get(person) ?? []))
  for (let kill = 1; kill <= kills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, uptimeMs()))
    await server.kill('SIGKILL')
    server = await startServer({ folder, port })
    report(`kill ${kill}: ${acknowledged.size} acknowledged so far`)
  }
  await eventually(
    () => people.every(({ client }) => client.live.state() === 'online'),
    Boolean,
    30_000,
  )
  writing = false
  await Promise.all(writers)
  await eventually(
    () => people.every(({ client }) => client.outbox.entries().length === 0),
    Boolean,
    30_000,
  )

  const stored = new Map<string, Stored[]>()
  for (const id of conversationIds) {
    const member = people.find((person) => memberships.get(person)?.includes(id))
    if (member) stored.set(id, await listAll(member.client, id))
  }
  for (const person of people) {
    for (const id of memberships.get(person) ?? []) {
      const wanted = stored.get(id)?.length ?? 0
      await eventually(
        () => (shown.get(person)?.get(id)?.length ?? 0) >= wanted,
        Boolean,
        20_000,
      ).catch(() => undefined)
    }
  }
  const result = audit({ kills, acknowledged, stored, shown, memberships })
  for (const { client } of people) client.close()
  await server.kill('SIGTERM')
  return result

  async function write(person: Person, ids: readonly string[]): Promise<void> {
    for (let n = 1; writing; n++) {
      const conversationId = ids[n % ids.length]
      if (conversationId) await person.client.outbox.send({ conversationId, content: `${n}` })
      // Neither floods the outbox while the server is away, nor lets it run dry.
      await eventually(() => person.client.outbox.entries().length < 5 || !writing, Boolean, 60_000)
    }
  }
}

/** What a member sees, in the order of being shown. */
function keepShown(client: StoaClient): Map<string, Stored[]> {
  const byConversation = new Map<string, Stored[]>()
  const show = ({ conversationId, ...message }: Stored & { conversationId: string }) => {
    const list = byConversation.get(conversationId) ?? []
    list.push(message)
    byConversation.set(conversationId, list)
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
    const page: { items: Stored[]; next: string | null } = await client.api.chat.listMessages({
      conversationId,
      limit: 100,
      ...(cursor && { cursor }),
    })
    all.push(...page.items)
    cursor = page.next
  } while (cursor)
  return all.reverse()
}

function audit({
  kills,
  acknowledged,
  stored,
  shown,
  memberships,
}: {
  kills: number
  acknowledged: ReadonlyMap<string, { conversationId: string; seq: number }>
  stored: ReadonlyMap<string, Stored[]>
  shown: ReadonlyMap<Person, ReadonlyMap<string, Stored[]>>
  memberships: ReadonlyMap<Person, string[]>
}): CampaignResult {
  const lost = [...acknowledged].filter(([uuid, { conversationId, seq }]) => {
    const found = stored.get(conversationId)?.find((message) => message.uuid === uuid)
    return found?.seq !== seq
  })
  const repeated: string[] = []
  const disordered: string[] = []
  for (const [id, messages] of stored) {
    const uuids = messages.map(({ uuid }) => uuid)
    repeated.push(...uuids.filter((uuid, index) => uuids.indexOf(uuid) !== index))
    if (!messages.every(({ seq }, index) => seq === index + 1)) disordered.push(`${id}: gap`)
    for (const [senderId, own] of Map.groupBy(messages, ({ senderId }) => senderId)) {
      const numbers = own.map(({ content }) => Number(content))
      if (!numbers.every((n, index) => n > (numbers[index - 1] ?? 0))) {
        disordered.push(`${id}: messages of ${senderId}`)
      }
    }
  }
  const wronglyShown: string[] = []
  for (const [person, byConversation] of shown) {
    for (const id of memberships.get(person) ?? []) {
      const seen = (byConversation.get(id) ?? []).map(({ seq }) => seq)
      const wanted = (stored.get(id) ?? []).map(({ seq }) => seq)
      if (seen.join() !== wanted.join()) {
        wronglyShown.push(`${person.username} in ${id}: ${seen.length} of ${wanted.length}`)
      }
    }
  }
  return {
    kills,
    acknowledged: acknowledged.size,
    lost: lost.map(([uuid]) => uuid),
    repeated,
    disordered,
    wronglyShown,
  }
}

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address() as net.AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
