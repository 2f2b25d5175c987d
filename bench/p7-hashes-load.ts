import { hash, verify } from '@node-rs/argon2'
import { answerParent } from './lib/processes.ts'
import { round } from './lib/statistics.ts'

export type HashesInput = {
  memoryCost: number
  timeCost: number
  parallelism: number
  atOnce: number
  seconds: number
}

/** Hashes per second of a process that does nothing else. */
answerParent(async ({ atOnce, seconds, ...cost }: HashesInput): Promise<number> => {
  const password = 'Correct-horse-battery'
  const stored = await hash(password, cost)
  let count = 0
  const startedAt = performance.now()
  const until = startedAt + seconds * 1000
  async function work(): Promise<void> {
    while (performance.now() < until) {
      await verify(stored, password)
      count += 1
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return round(count / ((performance.now() - startedAt) / 1000), 1)
})
