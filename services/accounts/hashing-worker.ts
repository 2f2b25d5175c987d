import os from 'node:os'
import { parentPort } from 'node:worker_threads'
import { hashSync, type Options, verifySync } from '@node-rs/argon2'

export type HashingTask =
  | { kind: 'hash'; password: string; cost: Options }
  | { kind: 'verify'; passwordHash: string; password: string }

export type HashingResult = { value: string | boolean } | { error: string }

// On Linux this concerns this thread alone: whoever is inside goes before who wants to come in.
try {
  os.setPriority(10)
} catch {
  // Not everybody may; the work is the same.
}

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
