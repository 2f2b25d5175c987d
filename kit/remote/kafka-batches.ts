/** Sends things in batches: while one is on its way, all that comes goes into the next. */
export type Batches<T> = {
  /** Settles when the batch that holds it has been sent. */
  add(item: T): Promise<void>
  /** Settles when nothing is on its way. */
  settled(): Promise<void>
}

type Waiting<T> = { item: T; size: number; resolve: () => void; reject: (error: unknown) => void }

export function createBatches<T>(
  send: (items: T[]) => Promise<unknown>,
  { sizeOf, mostSize }: { sizeOf: (item: T) => number; mostSize: number },
): Batches<T> {
  let waiting: Waiting<T>[] = []
  let sending: Promise<void> | undefined

  /** As many as fit, one at the least. */
  function take(): Waiting<T>[] {
    let size = 0
    let count = 0
    for (const entry of waiting) {
      size += entry.size
      if (count > 0 && size > mostSize) break
      count++
    }
    const batch = waiting.slice(0, count)
    waiting = count === waiting.length ? [] : waiting.slice(count)
    return batch
  }

  async function sendAll(): Promise<void> {
    // What is added in the same turn goes along.
    await undefined
    while (waiting.length > 0) {
      const batch = take()
      try {
        await send(batch.map(({ item }) => item))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    sending = undefined
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, size: sizeOf(item), resolve, reject })
        sending ??= sendAll()
      }),
    async settled() {
      await sending
    },
  }
}
