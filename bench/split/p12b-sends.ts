import { type Figure, plainFigure, type Row } from '../lib/figure.ts'
import { cpuSeconds, runLoad } from '../lib/processes.ts'
import { type Latencies, round } from '../lib/statistics.ts'
import { createConversationsOfTwo, createPeople, messageSize } from '../lib/stoa.ts'
import { bundleServer, type Product, type Shape, startProduct } from './product.ts'
import type { SendsInput, SendsOutput } from './sends-load.ts'

const people = 50
const perSecond = 200
const shapes: readonly Shape[] = ['one process on SQLite', 'one process on PostgreSQL', 'apart']

/** Microseconds of CPU per send, and milliseconds from when it was due to its ack. */
type Cost = { servers: number; databases: number; brokers: number; latency: Latencies }

export const sends: Row = {
  id: 'P12b',
  title: 'What one message:send costs in each shape',
  async measure({ trials, seconds }) {
    await bundleServer()
    const results: Record<Shape, Cost>[] = []
    for (let trial = 0; trial < trials; trial += 1) {
      const costs: Partial<Record<Shape, Cost>> = {}
      // Each shape goes first in turn.
      const from = trial % shapes.length
      for (const shape of [...shapes.slice(from), ...shapes.slice(0, from)]) {
        costs[shape] = await measureOnce(shape, seconds)
      }
      results.push(costs as Record<Shape, Cost>)
      console.log(`  trial ${trial + 1}: ${JSON.stringify(costs)}`)
    }
    const conditions = {
      senders: `${people} sockets of ${people} users in ${people / 2} conversations of two`,
      load: `${perSecond} sends a second by open loop, from a process of its own`,
      payload: messageSize,
      durability: 'on disk before the ack in every shape',
      apart:
        'gateway, accounts, users, chat, notifications and audit, each in a process of its own',
      database: 'processes of PostgreSQL that serve this database, and its writers',
    }
    return shapes.flatMap((shape): Figure[] => {
      const base = { row: 'P12b', trials: results, conditions }
      const parts = [
        ['CPU of the server', 'servers'],
        ...(shape === 'one process on SQLite' ? [] : [['CPU of the database', 'databases']]),
        ...(shape === 'apart' ? [['CPU of the broker', 'brokers']] : []),
      ] as const
      return [
        ...parts.map(([name, part]) =>
          plainFigure({
            ...base,
            name: `${name} per send, ${shape}`,
            unit: 'µs',
            stoa: (trial) => trial[shape][part as 'servers' | 'databases' | 'brokers'],
          }),
        ),
        plainFigure({
          ...base,
          name: `send to ack, median, ${shape}`,
          unit: 'ms',
          stoa: (trial) => trial[shape].latency.p50,
        }),
      ]
    })
  },
}

async function measureOnce(shape: Shape, seconds: number): Promise<Cost> {
  await using product = await startProduct(shape)
  const users = await createPeople(product.port, people)
  const senders = await createConversationsOfTwo(product.port, users)
  const load = (lasting: number) => {
    const input: SendsInput = { port: product.port, senders, perSecond, seconds: lasting }
    return runLoad<SendsOutput>(new URL('./sends-load.ts', import.meta.url), input)
  }
  await load(Math.max(5, seconds))
  const before = cpuOf(product)
  const { sends: count, latency } = await load(seconds)
  const after = cpuOf(product)
  const perSend = (part: keyof typeof before) =>
    round(((after[part] - before[part]) / count) * 1_000_000, 1)
  return {
    servers: perSend('servers'),
    databases: perSend('databases'),
    brokers: perSend('brokers'),
    latency,
  }
}

function cpuOf({ servers, databases, brokers }: Product) {
  const sum = (pids: readonly number[]) => pids.reduce((total, pid) => total + cpuSeconds(pid), 0)
  return { servers: sum(servers), databases: sum(databases()), brokers: sum(brokers()) }
}
