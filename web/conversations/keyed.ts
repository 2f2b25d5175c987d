import { useCallback, useSyncExternalStore } from 'react'

/** Values by key; whoever shows one hears of that one alone. */
export type Keyed<Value> = ReturnType<typeof createKeyed<Value>>

export function createKeyed<Value>() {
  const values = new Map<string, Value>()
  const listeners = new Map<string, Set<() => void>>()
  return {
    get: (key: string) => values.get(key),
    keys: () => [...values.keys()],
    set(key: string, value: Value | undefined): void {
      if (values.get(key) === value) return
      if (value === undefined) values.delete(key)
      else values.set(key, value)
      for (const listener of listeners.get(key) ?? []) listener()
    },
    subscribe(key: string, listener: () => void): () => void {
      const ofKey = listeners.get(key) ?? new Set()
      listeners.set(key, ofKey.add(listener))
      return () => {
        ofKey.delete(listener)
        if (ofKey.size === 0 && listeners.get(key) === ofKey) listeners.delete(key)
      }
    },
  }
}

export function useKeyed<Value>(
  keyed: Pick<Keyed<Value>, 'get' | 'subscribe'>,
  key: string,
): Value | undefined {
  const subscribe = useCallback((hear: () => void) => keyed.subscribe(key, hear), [keyed, key])
  return useSyncExternalStore(subscribe, () => keyed.get(key))
}
