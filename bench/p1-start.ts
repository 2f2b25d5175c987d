import fs from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { atMost, plainFigure, type Row, repeat } from './lib/figure.ts'
import { connectHttp } from './lib/http.ts'
import { freePort, lastDescendant, residentMegabytes, startProgram } from './lib/processes.ts'
import { connectSocket } from './lib/socket.ts'
import { round } from './lib/statistics.ts'
import {
  createDirectConversation,
  createFolder,
  createPeople,
  root,
  stoaEnvironment,
  toMessage,
} from './lib/stoa.ts'

type Start = { readySeconds: number; firstMessageSeconds: number; idleMegabytes: number }

export const start: Row = {
  id: 'P1',
  title: 'From the command to the first delivered message, and memory at rest',
  async measure({ trials }) {
    const results = await repeat(trials, async () => {
      const compileCache = createFolder()
      try {
        const cold = await measureStart(compileCache)
        const warm = await measureStart(compileCache)
        return { cold, warm, restMegabytes: await measureRest(compileCache) }
      } finally {
        fs.rmSync(compileCache, { recursive: true })
      }
    })
    const conditions = {
      command: '`npm start` with the packages installed, on an empty data folder',
      cold: "without compiled code of earlier starts; the system's file cache as it is",
      work: 'set-up, two sign-ups, a conversation, two sockets, one message sent and delivered',
      durability: 'default: every step on disk before its answer',
    }
    const base = { row: 'P1', unit: 's', trials: results, conditions }
    return [
      plainFigure({
        ...base,
        name: 'first delivered message, cold',
        stoa: ({ cold }) => cold.firstMessageSeconds,
        target: atMost(2),
      }),
      plainFigure({
        ...base,
        name: 'first delivered message, warm',
        stoa: ({ warm }) => warm.firstMessageSeconds,
        target: atMost(2),
      }),
      plainFigure({ ...base, name: 'ready, cold', stoa: ({ cold }) => cold.readySeconds }),
      plainFigure({ ...base, name: 'ready, warm', stoa: ({ warm }) => warm.readySeconds }),
      plainFigure({
        ...base,
        name: 'resident memory 10 s after the start, before anybody came',
        unit: 'MB',
        stoa: ({ restMegabytes }) => restMegabytes,
        target: atMost(120),
      }),
      plainFigure({
        ...base,
        name: 'resident memory 10 s after the first message',
        unit: 'MB',
        stoa: ({ warm }) => warm.idleMegabytes,
        target: atMost(120),
      }),
    ]
  },
}

async function measureStart(compileCache: string): Promise<Start> {
  const folder = createFolder()
  try {
    const port = await freePort()
    const startedAt = performance.now()
    await using stoa = await startProgram({
      command: 'npm',
      words: ['start', '--silent'],
      folder: root,
      port,
      environment: { ...stoaEnvironment(folder, port), NODE_COMPILE_CACHE: compileCache },
      ready: '/api/v1/health/ready',
    })
    const readyAt = performance.now()
    await deliverOneMessage(port)
    const deliveredAt = performance.now()
    await pause(10_000)
    return {
      readySeconds: round((readyAt - startedAt) / 1000),
      firstMessageSeconds: round((deliveredAt - startedAt) / 1000),
      idleMegabytes: round(residentMegabytes(lastDescendant(stoa.pid)), 1),
    }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

async function measureRest(compileCache: string): Promise<number> {
  const folder = createFolder()
  try {
    const port = await freePort()
    await using stoa = await startProgram({
      command: 'npm',
      words: ['start', '--silent'],
      folder: root,
      port,
      environment: { ...stoaEnvironment(folder, port), NODE_COMPILE_CACHE: compileCache },
      ready: '/api/v1/health/ready',
    })
    await pause(10_000)
    return round(residentMegabytes(lastDescendant(stoa.pid)), 1)
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

async function deliverOneMessage(port: number): Promise<void> {
  const connection = await connectHttp(port)
  const [one, other] = await createPeople(port, 2)
  if (!one || !other) throw new Error('There is nobody')
  const conversationId = await createDirectConversation(connection, one, other)
  const delivered = Promise.withResolvers<void>()
  const shared = { port, namespace: '/chat' }
  const [sender, receiver] = await Promise.all([
    connectSocket({ ...shared, token: one.accessToken }),
    connectSocket({
      ...shared,
      token: other.accessToken,
      onEvent: (packet) => packet.includes('"message:new"') && delivered.resolve(),
    }),
  ])
  sender.emit('message:send', toMessage(conversationId))
  await delivered.promise
  for (const open of [sender, receiver, connection]) open.close()
}
