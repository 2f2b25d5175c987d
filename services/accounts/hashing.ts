import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { HashingResult, HashingTask } from './hashing-worker.ts'

/** A crowd comes and goes: threads that nobody needs for so long give their memory back. */
const idleMs = 5_000

type Thread = { worker: Worker; idle: NodeJS.Timeout | undefined }
type Waiting = { resolve: (value: string | boolean) => void; reject: (error: Error) => void }

export type Hashing = {
  run(task: HashingTask): Promise<string | boolean>
  close(): Promise<void>
}

/**
 * Threads of their own for password hashes, of lower priority than everything else: a crowd at
 * the door then takes what the others leave, and disk syncs keep the threads of the common pool.
 * The caller sees to it that there are never more tasks than threads are wanted.
 */
export function createHashing(): Hashing {
  const resting: Thread[] = []
  const working = new Map<Thread, Waiting>()
  const threads = new Set<Thread>()

  function start(): Thread {
    const file = new URL(`./hashing-worker${path.extname(import.meta.url)}`, import.meta.url)
    const thread: Thread = { worker: new Worker(file), idle: undefined }
    threads.add(thread)
    thread.worker.on('message', (result: HashingResult) => {
      const waiting = working.get(thread)
      working.delete(thread)
      rest(thread)
      if ('value' in result) waiting?.resolve(result.value)
      else waiting?.reject(new Error(result.error))
    })
    thread.worker.on('error', (error) => {
      threads.delete(thread)
      working.get(thread)?.reject(error as Error)
      working.delete(thread)
    })
    return thread
  }

  function rest(thread: Thread): void {
    resting.push(thread)
    thread.worker.unref()
    thread.idle = setTimeout(() => {
      resting.splice(resting.indexOf(thread), 1)
      threads.delete(thread)
      void thread.worker.terminate()
    }, idleMs)
    thread.idle.unref()
  }

  return {
    run(task) {
      const thread = resting.pop() ?? start()
      clearTimeout(thread.idle)
      thread.worker.ref()
      return new Promise((resolve, reject) => {
        working.set(thread, { resolve, reject })
        thread.worker.postMessage(task)
      })
    },
    async close() {
      for (const thread of threads) clearTimeout(thread.idle)
      await Promise.all([...threads].map(({ worker }) => worker.terminate()))
      threads.clear()
      resting.length = 0
    },
  }
}
