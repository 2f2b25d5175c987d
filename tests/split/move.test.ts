import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient, memoryTokens, type StoaClient, type TokenStore } from '../../client/index.ts'
import { eventually, temporaryFolder } from '../../kit/testing.ts'
import { password, setUp, signUp } from '../lib/people.ts'
import { type Server, startServer } from '../lib/server.ts'
import { createDatabase, runStoa } from './lib/backends.ts'
import { bundleFolder } from './lib/build.ts'

const program = `${bundleFolder}/start.mjs`
let folder: ReturnType<typeof temporaryFolder>
let database: Awaited<ReturnType<typeof createDatabase>>

beforeEach(async () => {
  folder = temporaryFolder()
  database = await createDatabase()
})
afterEach(async () => {
  await database[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

function startAt(data: string, environment: Record<string, string> = {}): Promise<Server> {
  return startServer({ folder: data, environment, program })
}

/** People, conversations, and everything that can happen to a message. */
async function fill({ url }: Server): Promise<{ conversationId: string; tokens: TokenStore }> {
  const ann = await setUp(url)
  const bob = await signUp(url, 'bob')
  const { chat } = ann.client.api
  const { id: conversationId } = await chat.openDirect({ userId: bob.id })
  await chat.createGroup({ name: 'Everybody \u{1f30d}', participantIds: [bob.id] })
  const sent = []
  for (const content of ['one', 'two', 'three', 'grüß dich, 世界', '\' or 1=1; \\ " %']) {
    sent.push(await chat.sendMessage({ conversationId, uuid: crypto.randomUUID(), content }))
  }
  const [one, two, three] = sent.map(({ id }) => id)
  await chat.editMessage({ messageId: one ?? '', content: 'one, changed' })
  await chat.deleteMessage({ messageId: two ?? '' })
  await bob.client.api.chat.addReaction({ messageId: three ?? '', emoji: '👍' })
  await chat.pinMessage({ conversationId, messageId: three ?? '' })
  await bob.client.api.chat.markRead({ conversationId, seq: 3 })
  await bob.client.api.users.updateMe({ bio: 'Bridges, mostly' })
  const tokens = memoryTokens()
  await createClient({ url, tokens }).api.accounts.login({ identifier: 'bob', password })
  return { conversationId, tokens }
}

/** What a person is answered, but for what changes by itself. */
async function look({ api }: StoaClient, conversationId: string) {
  const conversations = await api.chat.listConversations({ limit: 100 })
  const messages = await api.chat.listMessages({ conversationId })
  const people = await api.users.listUsers({})
  const found = await eventually(
    () => api.chat.searchMessages({ q: '世界' }),
    ({ items }) => items.length === 1,
  )
  return {
    me: await api.users.getMe({}),
    conversations: conversations.items,
    messages: messages.items,
    participants: await api.chat.listParticipants({ conversationId }),
    pinned: await api.chat.listPinned({ conversationId }),
    people: people.items.map(({ id, username }) => ({ id, username })),
    notifications: await api.notifications.listNotifications({}),
    found: found.items,
  }
}

/** Takes up a session with nothing but its refresh token. */
async function resume({ url }: Server, tokens: TokenStore): Promise<StoaClient> {
  const client = createClient({ url, tokens })
  await client.resume()
  return client
}

/** The keys that access tokens are signed with. */
async function keysOf({ url }: Server): Promise<unknown> {
  return (await fetch(`${url}/.well-known/jwks.json`)).json()
}

function secretsIn(said: string): Record<string, string> {
  return Object.fromEntries([...said.matchAll(/^([A-Z_]+)=(.+)$/gm)].map(([, k, v]) => [k, v]))
}

test('a community moves to PostgreSQL and back: same answers, same sessions, next numbers', async () => {
  const home = `${folder.path}/home`
  const back = `${folder.path}/back`
  await using server = await startAt(home)
  const { conversationId, tokens } = await fill(server)
  const before = await look(await resume(server, tokens), conversationId)
  const keys = await keysOf(server)
  await server.kill('SIGTERM')

  const said = await runStoa(['move', '--from', `sqlite:${home}`, '--to', database.url], {})
  const secrets = secretsIn(said)
  expect(said).toContain('Everything is there, and equal.')
  expect(Object.keys(secrets)).toEqual(['SIGNING_KEY', 'SETUP_CODE'])

  await using elsewhere = await startAt(`${folder.path}/elsewhere`, {
    DATABASE_URL: database.url,
    ...secrets,
  })
  const bob = await resume(elsewhere, tokens)
  expect(await look(bob, conversationId)).toEqual(before)
  expect(await keysOf(elsewhere)).toEqual(keys)
  const draft = { conversationId, uuid: crypto.randomUUID(), content: 'from PostgreSQL' }
  expect(await bob.api.chat.sendMessage(draft)).toMatchObject({ seq: 6 })
  const after = await look(bob, conversationId)
  await elsewhere.kill('SIGTERM')

  await runStoa(['move', '--from', database.url, '--to', `sqlite:${back}`], secrets)
  await using again = await startAt(back)
  const bobAgain = await resume(again, tokens)
  expect(await look(bobAgain, conversationId)).toEqual(after)
  expect(await keysOf(again)).toEqual(keys)
  const last = { conversationId, uuid: crypto.randomUUID(), content: 'from SQLite' }
  expect(await bobAgain.api.chat.sendMessage(last)).toMatchObject({ seq: 7 })
  await eventually(
    () => bobAgain.api.chat.searchMessages({ q: 'from SQLite' }),
    ({ items }) => items.length === 1,
  )
}, 300_000)

test('a place that is not empty, not whole, or in use is refused, and left as it is', async () => {
  const home = `${folder.path}/home`
  const to = ['--to', database.url]
  await using server = await startAt(home)
  await fill(server)
  await expect(runStoa(['move', '--from', `sqlite:${home}`, ...to], {})).rejects.toThrow(
    `Stoa runs on ${home}: stop it first.`,
  )
  await server.kill('SIGTERM')
  await runStoa(['move', '--from', `sqlite:${home}`, ...to], {})

  await expect(runStoa(['move', '--from', `sqlite:${home}`, ...to], {})).rejects.toThrow(
    /The target is not empty: gateway has rows in /,
  )
  await expect(
    runStoa(['move', '--from', `sqlite:${folder.path}/nowhere`, ...to], {}),
  ).rejects.toThrow('gateway.db is missing')
  const SIGNING_KEY = Buffer.alloc(32, 1).toString('base64')
  await expect(
    runStoa(['move', '--from', database.url, '--to', `sqlite:${home}`], { SIGNING_KEY }),
  ).rejects.toThrow('is not empty')
  await expect(
    runStoa(['move', '--from', database.url, '--to', `sqlite:${folder.path}/new`], {}),
  ).rejects.toThrow('SIGNING_KEY: must be set')
  await using running = await startAt(`${folder.path}/elsewhere`, { DATABASE_URL: database.url })
  await expect(
    runStoa(['move', '--from', database.url, '--to', `sqlite:${folder.path}/new`], { SIGNING_KEY }),
  ).rejects.toThrow(/Stoa runs on this database \(stoa\/accounts, .*\): stop it first/)
  expect((await fetch(`${running.url}/health`)).status).toBe(200)
  await using home2 = await startAt(home)
  expect((await fetch(`${home2.url}/health`)).status).toBe(200)
}, 300_000)

/** Kills a move at the moment at which it has told of a table. */
async function killMove(words: string[], environment: Record<string, string>): Promise<void> {
  const root = path.resolve(import.meta.dirname, '../..')
  const child = spawn(process.execPath, ['bin/stoa.ts', 'move', ...words], {
    cwd: root,
    env: environment,
  })
  let said = ''
  for await (const chunk of child.stdout) {
    said += chunk
    if (said.includes('chat.message:')) break
  }
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  expect(said).not.toContain('Everything is there')
}

test('a move that is killed in the middle is simply made again', async () => {
  const home = `${folder.path}/home`
  const back = `${folder.path}/back`
  await using server = await startAt(home)
  const { conversationId, tokens } = await fill(server)
  const before = await look(await resume(server, tokens), conversationId)
  await server.kill('SIGTERM')
  const out = ['--from', `sqlite:${home}`, '--to', database.url]
  const home2 = ['--from', database.url, '--to', `sqlite:${back}`]

  await killMove(out, {})
  const secrets = secretsIn(await runStoa(['move', ...out], {}))
  await killMove(home2, secrets)
  expect(fs.existsSync(`${back}/.moving`)).toBe(true)
  await expect(startAt(back)).rejects.toThrow(`a move to ${back} was interrupted`)
  await runStoa(['move', ...home2], secrets)

  await using again = await startAt(back)
  expect(await look(await resume(again, tokens), conversationId)).toEqual(before)
}, 300_000)
