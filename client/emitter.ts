type Listener<T> = (payload: T) => void

/** Listeners by name, typed by what each name carries. */
export type Emitter<Events> = {
  /** Calls back until the returned function is called. */
  on<N extends keyof Events>(name: N, listener: Listener<Events[N]>): () => void
  emit<N extends keyof Events>(name: N, payload: Events[N]): void
}

export function createEmitter<Events>(): Emitter<Events> {
  const listeners = new Map<keyof Events, Set<Listener<never>>>()
  return {
    on(name, listener) {
      const ofName = listeners.get(name) ?? new Set()
      listeners.set(name, ofName.add(listener))
      return () => void ofName.delete(listener)
    },
    emit(name, payload) {
      for (const listener of [...(listeners.get(name) ?? [])]) {
        try {
          ;(listener as Listener<typeof payload>)(payload)
        } catch (error) {
          // A mistake of one listener must not keep the news from the others.
          queueMicrotask(() => {
            throw error
          })
        }
      }
    },
  }
}
