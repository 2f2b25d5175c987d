/** Lets work of one key run one after the other, and of different keys side by side. */
export type Queues = {
  add(key: string, work: () => Promise<void>): Promise<void>
}

export function createQueues(): Queues {
  const tails = new Map<string, Promise<void>>()
  return {
    add(key, work) {
      const mine = (tails.get(key) ?? Promise.resolve()).then(work)
      const settled = mine.catch(() => undefined)
      tails.set(key, settled)
      void settled.then(() => {
        if (tails.get(key) === settled) tails.delete(key)
      })
      return mine
    },
  }
}
