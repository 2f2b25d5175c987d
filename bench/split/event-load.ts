import { setTimeout as wait } from 'node:timers/promises'
import { type Latencies, summarize } from '../lib/statistics.ts'
import { text } from './contract.ts'

export const eventsPerSecond = 500
export const eventKeys = 100
const atOnce = 50
/** Every new process runs slowly at first: these go at the same pace, and are not counted. */
const warmUpSeconds = 3
const warmUpEvents = warmUpSeconds * eventsPerSecond

export type Note = { key: string; n: number; text: string; at: number }
export type Seen = { latencies: number[]; disordered: number }
export type EventResult = {
  steady: Latencies
  written: number
  rate: number
  /** Events that came after a later one of their key. */
  disordered: number
}

/** The same load for everybody: first at fixed times, then as fast as so many writers are done. */
export async function loadEvents(
  write: (note: Note) => Promise<void>,
  look: () => Promise<Seen>,
  seconds: number,
): Promise<EventResult> {
  let n = 0

  async function writeNext(): Promise<void> {
    n++
    await write({ key: `key${n % eventKeys}`, n, text, at: Date.now() })
  }

  async function untilSeen(count: number): Promise<Seen> {
    for (;;) {
      const seen = await look()
      if (seen.latencies.length >= count) return seen
      await wait(50)
    }
  }

  const started = performance.now()
  const writing: Promise<void>[] = []
  while (writing.length < warmUpEvents + seconds * eventsPerSecond) {
    const due = started + (writing.length * 1_000) / eventsPerSecond
    if (performance.now() < due) await wait(1)
    else writing.push(writeNext())
  }
  await Promise.all(writing)
  const { latencies } = await untilSeen(n)
  const steady = summarize(latencies.slice(warmUpEvents))

  const before = n
  const busy = performance.now()
  const until = busy + seconds * 1_000
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() < until) await writeNext()
    }),
  )
  const written = ((n - before) / (performance.now() - busy)) * 1_000
  const { disordered } = await untilSeen(n)
  const rate = ((n - before) / (performance.now() - busy)) * 1_000
  return { steady, written, rate, disordered }
}
