import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from '../kit/failure.ts'
import type { Logger } from '../kit/log.ts'

const retryMs = 1_000

/**
 * Does what needs a server that may come up later than this process: again and again, as long as
 * the server cannot be reached. It is told once; what is wrong otherwise ends the process.
 */
export async function reach<T>(what: string, attempt: () => Promise<T>, log: Logger): Promise<T> {
  for (let told = false; ; told = true) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'unavailable') throw error
      if (!told) log.warn({ event: 'start.waiting', for: what, err: error })
      await pause(retryMs)
    }
  }
}
