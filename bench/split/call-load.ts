import { setTimeout as wait } from 'node:timers/promises'
import { cpuSeconds } from '../lib/processes.ts'
import { type Latencies, summarize } from '../lib/statistics.ts'

export const callsPerSecond = 500
export const callsAtOnce = 64
const warmUpSeconds = 5

export type CallResult = {
  steady: Latencies
  rate: number
  crowded: Latencies
  cpuMicroseconds: number
}

/**
 * The same load for everybody: first at fixed times, whether earlier calls have been answered or
 * not, then as fast as so many callers get their answers.
 */
export async function loadCalls(
  ask: () => Promise<void>,
  seconds: number,
  pids: readonly number[],
): Promise<CallResult> {
  await askInCrowd(ask, warmUpSeconds)
  const steady = summarize(await askSteadily(ask, seconds))
  const cpuBefore = cpuOf(pids)
  const started = performance.now()
  const latencies = await askInCrowd(ask, seconds)
  const took = performance.now() - started
  return {
    steady,
    rate: (latencies.length / took) * 1_000,
    crowded: summarize(latencies),
    cpuMicroseconds: ((cpuOf(pids) - cpuBefore) / latencies.length) * 1_000_000,
  }
}

/** Latencies count from when a call was due, so that nothing hides what held it up. */
async function askSteadily(ask: () => Promise<void>, seconds: number): Promise<number[]> {
  const asked: Promise<number>[] = []
  const started = performance.now()
  while (asked.length < seconds * callsPerSecond) {
    const due = started + (asked.length * 1_000) / callsPerSecond
    if (performance.now() < due) await wait(1)
    else asked.push(ask().then(() => performance.now() - due))
  }
  return Promise.all(asked)
}

async function askInCrowd(ask: () => Promise<void>, seconds: number): Promise<number[]> {
  const until = performance.now() + seconds * 1_000
  const latencies: number[] = []
  await Promise.all(
    Array.from({ length: callsAtOnce }, async () => {
      while (performance.now() < until) {
        const asked = performance.now()
        await ask()
        latencies.push(performance.now() - asked)
      }
    }),
  )
  return latencies
}

function cpuOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
}
