import fs from 'node:fs'
import { atMost, between, type Figure, plainFigure, type Row, repeat } from './lib/figure.ts'
import { type Connection, connectHttp } from './lib/http.ts'
import { findPersonBefore, seedMessages, seedPeople } from './lib/seed.ts'
import { type Latencies, round, summarize } from './lib/statistics.ts'
import {
  callApi,
  createDirectConversation,
  createFolder,
  createPeople,
  startStoa,
  toMessage,
} from './lib/stoa.ts'

const pageSize = 20
const deepestPage = 50_000
const samples = 5_000
const sizes = [10_000, 100_000, 1_000_000]
const hugeSize = 10_000_000

type List = { name: string; page: number; firstPath: string; deepPath: string }
type Measured = { first: Latencies; deep: Latencies }
type Viewer = { username: string; password: string; userId: string; conversationId: string }

export const pages: Row = {
  id: 'P9',
  title: 'Lists: page 1 and page 50,000',
  async measure({ trials, huge }) {
    const figures: Figure[] = []
    for (const size of huge ? [...sizes, hugeSize] : sizes) {
      figures.push(...(await measureSize(size, trials)))
    }
    return figures
  },
}

async function measureSize(size: number, trials: number): Promise<Figure[]> {
  const folder = createFolder()
  try {
    const viewer = await prepare(folder, size)
    await using stoa = await startStoa(folder)
    const connection = await connectHttp(stoa.port)
    const { username, password } = viewer
    const body = { identifier: username, password }
    const signedIn = await callApi<{ accessToken: string }>(connection, 'POST /auth/login', {
      body,
    })
    const lists = [listOfMessages(size, viewer), listOfPeople(folder, size, viewer)]
    console.log(`  ${size} rows`)
    const results = await repeat(trials, async () => {
      const trial: Record<string, Measured> = {}
      for (const list of lists) {
        trial[list.name] = await measureList(connection, signedIn.accessToken, list)
      }
      return trial
    })
    connection.close()
    return lists.flatMap((list) => {
      const trials = results.flatMap((trial) => trial[list.name] ?? [])
      return toFigures(list, size, trials)
    })
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

/** Lets the server make its tables and one row of each kind, and multiplies those. */
async function prepare(folder: string, size: number): Promise<Viewer> {
  const viewer = await writeFirstRows(folder)
  seedMessages(folder, size)
  seedPeople(folder, size)
  return viewer
}

async function writeFirstRows(folder: string): Promise<Viewer> {
  await using stoa = await startStoa(folder)
  const [one, other] = await createPeople(stoa.port, 2)
  if (!one || !other) throw new Error('There is nobody')
  const connection = await connectHttp(stoa.port)
  const conversationId = await createDirectConversation(connection, one, other)
  const body = JSON.parse(toMessage(conversationId))
  await callApi(connection, 'POST /messages', { token: one.accessToken, body })
  connection.close()
  const { username, password, userId } = one
  return { username, password, userId, conversationId }
}

function listOfMessages(size: number, { conversationId }: Viewer): List {
  const page = Math.min(deepestPage, Math.floor(size / pageSize))
  const firstPath = `/api/v1/conversations/${conversationId}/messages?limit=${pageSize}`
  const seqBefore = size - (page - 1) * pageSize + 1
  return { name: 'messages', page, firstPath, deepPath: after(firstPath, [seqBefore]) }
}

function listOfPeople(folder: string, size: number, { userId }: Viewer): List {
  // One less than there are: nobody sees themselves in the list.
  const page = Math.min(deepestPage, Math.floor((size - 1) / pageSize))
  const firstPath = `/api/v1/users?limit=${pageSize}`
  const { name, id } = findPersonBefore(folder, (page - 1) * pageSize, userId)
  return { name: 'people', page, firstPath, deepPath: after(firstPath, ['username', name, id]) }
}

/** The cursor that the page before would have ended with. */
function after(path: string, position: readonly (string | number)[]): string {
  const cursor = Buffer.from(JSON.stringify({ at: position })).toString('base64url')
  return `${path}&cursor=${cursor}`
}

/** Both pages by turns, so that whatever else the machine does hits both alike. */
async function measureList(
  connection: Connection,
  token: string,
  { firstPath, deepPath }: List,
): Promise<Measured> {
  const first: number[] = []
  const deep: number[] = []
  for (let index = 0; index < samples * 1.2; index += 1) {
    const firstMs = await getPage(connection, token, firstPath)
    const deepMs = await getPage(connection, token, deepPath)
    if (index < samples * 0.2) continue
    first.push(firstMs)
    deep.push(deepMs)
  }
  return { first: summarize(first), deep: summarize(deep) }
}

async function getPage(connection: Connection, token: string, path: string): Promise<number> {
  const startedAt = performance.now()
  const reply = await connection.request('GET', path, { authorization: `Bearer ${token}` })
  const ms = performance.now() - startedAt
  const items = reply.status === 200 ? JSON.parse(reply.body).items.length : 0
  if (items !== pageSize) throw new Error(`${path}: ${reply.status}, ${items} items`)
  return ms
}

function toFigures({ name, page }: List, size: number, trials: readonly Measured[]): Figure[] {
  const rows = size.toLocaleString('en')
  const deepName = `page ${page.toLocaleString('en')}`
  const conditions = {
    rows: 'copies of one that the server wrote, put into its own tables while it was stopped',
    pages: `${pageSize} items, by cursor; where there is no page 50,000, the last full one`,
    clients: `1 connection, ${samples} requests of each page by turns`,
    durability: 'reads only',
  }
  const base = { row: 'P9', trials, conditions }
  return [
    plainFigure({
      ...base,
      name: `${name}, ${rows} rows, page 1, p99`,
      unit: 'ms',
      stoa: ({ first }) => first.p99,
      target: atMost(5),
    }),
    plainFigure({
      ...base,
      name: `${name}, ${rows} rows, ${deepName}, p99`,
      unit: 'ms',
      stoa: ({ deep }) => deep.p99,
      target: atMost(5),
    }),
    plainFigure({
      ...base,
      name: `${name}, ${rows} rows, p99 of ${deepName} to that of page 1`,
      unit: '×',
      stoa: ({ first, deep }) => round(deep.p99 / first.p99),
      target: between(0.9, 1.1),
    }),
    plainFigure({
      ...base,
      name: `${name}, ${rows} rows, median of ${deepName} to that of page 1`,
      unit: '×',
      stoa: ({ first, deep }) => round(deep.p50 / first.p50),
      target: between(0.9, 1.1),
    }),
  ]
}
