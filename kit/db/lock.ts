import type { Lock } from '../bus.ts'

/** Locks among those who share a process, which is all that may open a file. */
export function createLocalLocks(): (name: string) => Promise<Lock | undefined> {
  const held = new Set<string>()
  return async (name) => {
    if (held.has(name)) return undefined
    held.add(name)
    const { signal: lost } = new AbortController()
    let released = false
    return {
      lost,
      async [Symbol.asyncDispose]() {
        if (!released) held.delete(name)
        released = true
      },
    }
  }
}
