import { AsyncLocalStorage } from 'node:async_hooks'
import type { Logger } from './log.ts'

/** Work that a service does by itself. */
export type Job = {
  start(): void
  stop(): Promise<void>
  /** Runs it soon instead of at its next turn. */
  wake(): void
}

export type JobOptions = {
  name: string
  everyMs: number
  log: Logger
  run: () => Promise<void>
}

/** Runs something at once, then again and again, never twice at once; an error is logged and the next turn comes. */
export function repeat({ name, everyMs, log, run }: JobOptions): Job {
  // A turn is nobody's in particular, whoever woke the job.
  const asNobody = AsyncLocalStorage.snapshot()
  let started = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let again = false
  let soon = false

  function plan(delay: number): void {
    clearTimeout(timer)
    timer = setTimeout(turn, delay)
    timer.unref()
    soon = delay === 0
  }

  function turn(): void {
    again = false
    soon = false
    running = asNobody(run)
      .catch((error) => log.error({ event: 'job.failed', job: name, err: error }))
      .finally(() => {
        running = undefined
        if (started) plan(again ? 0 : everyMs)
      })
  }

  return {
    start() {
      if (started) return
      started = true
      plan(0)
    },
    async stop() {
      started = false
      clearTimeout(timer)
      await running
    },
    wake() {
      if (!started) return
      if (running) again = true
      // A turn that is due already is not put off by waking it again.
      else if (!soon) plan(0)
    },
  }
}
