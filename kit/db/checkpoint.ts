import path from 'node:path'
import { Worker } from 'node:worker_threads'

/** Copies write-ahead logs back into their databases, off the event loop. */
export type Checkpointer = {
  /** Answers with the frames that the log holds. */
  checkpoint(file: string): Promise<number>
  close(): Promise<void>
}

export type CheckpointReport = { file: string; frames: number }

/**
 * One worker thread for all databases of the process, started at the first need. A passive
 * checkpoint waits for nobody and blocks nobody; the log starts over once all of it is copied.
 */
export function createCheckpointer(): Checkpointer {
  let worker: Worker | undefined
  const waiting = new Map<string, (frames: number) => void>()

  function start(): Worker {
    const file = new URL(`./checkpoint-worker${path.extname(import.meta.url)}`, import.meta.url)
    const started = new Worker(file, {
      resourceLimits: { maxOldGenerationSizeMb: 16 },
    })
    started.unref()
    started.on('message', ({ file, frames }: CheckpointReport) => {
      waiting.get(file)?.(frames)
      waiting.delete(file)
    })
    // A checkpoint that fails is only late: the next one takes its work over.
    started.on('error', () => {
      worker = undefined
      for (const done of waiting.values()) done(0)
      waiting.clear()
    })
    return started
  }

  return {
    checkpoint(file) {
      worker ??= start()
      const { promise, resolve } = Promise.withResolvers<number>()
      waiting.set(file, resolve)
      worker.postMessage(file)
      return promise
    },
    async close() {
      await worker?.terminate()
      for (const done of waiting.values()) done(0)
      waiting.clear()
    },
  }
}
