import { parentPort } from 'node:worker_threads'
import { hashSync, type Options, verifySync } from '@node-rs/argon2'
import { lowerPriority } from '../../kit/thread.ts'

export type HashingTask =
  | { kind: 'hash'; password: string; cost: Options }
  | { kind: 'verify'; passwordHash: string; password: string }

export type HashingResult = { value: string | boolean } | { error: string }

// Whoever is inside goes before who wants to come in.
lowerPriority()

parentPort?.on('message', (task: HashingTask) => {
  parentPort?.postMessage(work(task))
})

function work(task: HashingTask): HashingResult {
  try {
    return {
      value:
        task.kind === 'hash'
          ? hashSync(task.password, task.cost)
          : verifySync(task.passwordHash, task.password),
    }
  } catch (error) {
    return { error: String(error) }
  }
}
