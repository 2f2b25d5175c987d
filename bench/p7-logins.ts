import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { alternate, atLeast, atMost, comparedFigure, plainFigure, type Row } from './lib/figure.ts'
import { type Connection, connectHttp } from './lib/http.ts'
import { watchUsage } from './lib/load.ts'
import { runLoad } from './lib/processes.ts'
import { round, summarize } from './lib/statistics.ts'
import {
  createConversationsOfTwo,
  createFolder,
  createPeople,
  type Person,
  startStoa,
} from './lib/stoa.ts'
import type { ChatInput, Delivery } from './p7-chat-load.ts'
import type { HashesInput } from './p7-hashes-load.ts'

const logins = 1_000
const chatters = 20
const messagesPerSecond = 200
const calmSeconds = 4
const chatSeconds = 40
const hashesAtOnce = 2

type HashCost = Pick<HashesInput, 'memoryCost' | 'timeCost' | 'parallelism'>

export const loginStorm: Row = {
  id: 'P7',
  title: 'Login storm: a thousand at once while people chat',
  async measure({ trials, seconds }) {
    // The first trial finds out what Stoa's hashes cost, so Stoa goes first in it.
    let cost: HashCost | undefined
    const results = await alternate(
      trials,
      async () => {
        const { hashCost, ...output } = await measureStoa()
        cost = hashCost
        return output
      },
      async () => {
        const input = { ...cost, atOnce: hashesAtOnce, seconds }
        return runLoad<number>(new URL('./p7-hashes-load.ts', import.meta.url), input)
      },
    )
    const conditions = {
      logins: `${logins} users over ${logins} connections, all at once; who is turned away returns`,
      chat: `${chatters} sockets, ${messagesPerSecond} messages/s, counted from when each was due to its arrival at the other`,
      hash: `argon2id, ${JSON.stringify(cost)}, taken from what Stoa stored`,
      reference: `a process that only verifies, ${hashesAtOnce} at once`,
      durability: 'sessions and messages are on disk before their answers',
    }
    const base = { row: 'P7', trials: results, conditions }
    return [
      comparedFigure({
        ...base,
        name: 'logins',
        unit: '/s',
        stoa: ({ stoa }) => stoa.loginsPerSecond,
        reference: { name: 'raw argon2id', value: ({ reference }) => reference },
        target: atLeast(0.95),
      }),
      plainFigure({
        ...base,
        name: 'chat delivery during the storm, p99',
        unit: 'ms',
        stoa: ({ stoa }) => stoa.stormChat.p99,
        target: atMost(25),
      }),
      plainFigure({
        ...base,
        name: 'chat delivery before the storm, p99',
        unit: 'ms',
        stoa: ({ stoa }) => stoa.calmChat.p99,
      }),
      plainFigure({
        ...base,
        name: 'slowest login of the thousand',
        unit: 'ms',
        stoa: ({ stoa }) => stoa.login.max,
      }),
      plainFigure({
        ...base,
        name: 'answers that turned a login away',
        unit: '',
        stoa: ({ stoa }) => stoa.turnedAway,
      }),
    ]
  },
}

async function measureStoa() {
  const folder = createFolder()
  try {
    await using stoa = await startStoa(folder)
    const people = await createPeople(stoa.port, logins + chatters)
    const input: ChatInput = {
      port: stoa.port,
      chatters: await createConversationsOfTwo(stoa.port, people.slice(logins)),
      perSecond: messagesPerSecond,
      seconds: chatSeconds,
    }
    const chat = runLoad<Delivery[]>(new URL('./p7-chat-load.ts', import.meta.url), input)
    const connections = await Promise.all(
      Array.from({ length: logins }, () => connectHttp(stoa.port)),
    )
    await pause(calmSeconds * 1000)

    const stopWatching = watchUsage(stoa.pid)
    const from = Date.now()
    const attempts = connections.map((connection, index) => logIn(connection, people[index]))
    const results = await Promise.all(attempts)
    const to = Date.now()
    const { seconds, serverCores, generatorCores } = stopWatching()
    for (const connection of connections) connection.close()

    const deliveries = await chat
    return {
      loginsPerSecond: round(logins / seconds, 1),
      turnedAway: results.reduce((sum, { turnedAway }) => sum + turnedAway, 0),
      login: summarize(results.map(({ ms }) => ms)),
      calmChat: summarize(within(deliveries, 0, from)),
      stormChat: summarize(within(deliveries, from, to)),
      usage: { serverCores, generatorCores },
      hashCost: readHashCost(folder),
    }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

/** Logs in as a client does that minds `Retry-After`. */
async function logIn(connection: Connection, person: Person | undefined) {
  const body = JSON.stringify({ identifier: person?.username, password: person?.password })
  const startedAt = performance.now()
  for (let turnedAway = 0; ; turnedAway += 1) {
    const reply = await connection.request('POST', '/api/v1/auth/login', {}, body)
    if (reply.status === 200) return { ms: performance.now() - startedAt, turnedAway }
    const [, seconds] = /^retry-after: (\d+)/im.exec(reply.headers) ?? []
    if (!seconds) throw new Error(`${reply.status} ${reply.body}`)
    await pause(Number(seconds) * 1000)
  }
}

function within(deliveries: readonly Delivery[], from: number, to: number): number[] {
  const chosen = deliveries.filter(({ dueAt }) => dueAt >= from && dueAt < to)
  if (chosen.length === 0) throw new Error('The chat ended before the storm')
  return chosen.map(({ ms }) => ms)
}

/** What a hash costs stands in front of every stored one. */
function readHashCost(folder: string): HashCost {
  for (const file of ['accounts.db', 'accounts.db-wal']) {
    const stored = fs.readFileSync(path.join(folder, file), 'latin1')
    const found = /\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(stored)
    if (!found) continue
    const [memoryCost = 0, timeCost = 0, parallelism = 0] = found.slice(1).map(Number)
    return { memoryCost, timeCost, parallelism }
  }
  throw new Error('There is no argon2id hash among what Stoa stored')
}
