import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Place } from './place.ts'

export type ForkedWorker = AsyncDisposable & {
  pid: number
  /** Sends a word, and settles with the answer. */
  ask(word: string): Promise<unknown>
}

/** Starts the other process of a trial; settles when it is ready. */
export async function forkWorker(
  place: Place,
  role: 'answers' | 'listens' | 'calls' | 'emits',
  program = new URL('worker.ts', import.meta.url),
): Promise<ForkedWorker> {
  const { prefix, folder, store } = place
  const words = [JSON.stringify({ prefix, folder, store, role })]
  const child = fork(program, words, { serialization: 'advanced' })
  const gone = once(child, 'exit')
  await Promise.race([
    once(child, 'message'),
    gone.then(() => Promise.reject(new Error('The worker ended'))),
  ])
  return {
    pid: child.pid ?? 0,
    async ask(word) {
      const answered = once(child, 'message')
      child.send(word)
      const lost = gone.then(() => Promise.reject(new Error('The worker ended')))
      const [answer] = await Promise.race([answered, lost])
      return answer
    },
    async [Symbol.asyncDispose]() {
      child.disconnect()
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await gone
      clearTimeout(timer)
    },
  }
}
