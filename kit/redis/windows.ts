import type { Redis } from 'ioredis'
import type { SharedMemory } from './redis.ts'

/** What has been counted in a window so far, and the milliseconds until it ends. */
export type WindowState = { count: number; leftMs: number }

/** Counts by key in windows that begin with their first count, shared by everybody on one Redis. */
export type SharedWindows = {
  /** Counts one; `undefined` when Redis does not answer. */
  add(key: string, windowMs: number): Promise<WindowState | undefined>
  /** Looks without counting; `undefined` when Redis does not answer. */
  look(key: string): Promise<WindowState | undefined>
}

// One step for Redis, so that a window can neither begin twice nor stay without an end.
const addScript = `
local count = redis.call('incr', KEYS[1])
local left = redis.call('pttl', KEYS[1])
if left < 0 then
  redis.call('pexpire', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}`

type Scripted = Redis & {
  addToWindow(key: string, windowMs: number): Promise<[count: number, leftMs: number]>
}

export function createSharedWindows(memory: SharedMemory, prefix: string): SharedWindows {
  memory.define('addToWindow', addScript)
  return {
    add: (key, windowMs) =>
      memory.ask(async (redis) => {
        const name = `${prefix}:${key}`
        const [count, leftMs] = await (redis as Scripted).addToWindow(name, windowMs)
        return { count, leftMs }
      }),
    look: (key) =>
      memory.ask(async (redis) => {
        const name = `${prefix}:${key}`
        const [count, leftMs] = await Promise.all([redis.get(name), redis.pttl(name)])
        return { count: Number(count ?? 0), leftMs: Math.max(0, leftMs) }
      }),
  }
}
