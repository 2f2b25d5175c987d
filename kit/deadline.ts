import { kitFailure } from './failure.ts'

/** `place` is its index in the list. */
type Waiting = { deadline: number; place: number; expire: () => void }

/** How late a deadline may be noticed. */
const tickMs = 20

/**
 * Makes the function that lets nobody wait beyond a deadline. The work itself may still end, and
 * is not undone. One clock serves all: a timer for each call would cost more than most calls do.
 */
export function createDeadlines(): <T>(work: Promise<T>, deadline: number) => Promise<T> {
  // Not a set: each time V8 lays out the table of a set anew, the old one keeps pointing to it, and
  // through this chain the requests of the past stay until the next collection of everything.
  const waiting: Waiting[] = []
  let ticking = false

  function remove(entry: Waiting): void {
    if (waiting[entry.place] !== entry) return
    const last = waiting.pop()
    if (!last || last === entry) return
    waiting[entry.place] = last
    last.place = entry.place
  }

  function tick(): void {
    const now = Date.now()
    for (const entry of waiting.filter(({ deadline }) => deadline <= now)) {
      remove(entry)
      entry.expire()
    }
    ticking = waiting.length > 0
    if (ticking) setTimeout(tick, tickMs)
  }

  return (work, deadline) =>
    new Promise((resolve, reject) => {
      const late = () => kitFailure('unavailable', 'The answer took too long.', { retryAfter: 1 })
      const entry = { deadline, place: waiting.length, expire: () => reject(late()) }
      waiting.push(entry)
      if (!ticking) {
        ticking = true
        setTimeout(tick, tickMs)
      }
      // At once, not at the next tick: an entry keeps its whole request from being collected young.
      const done = () => remove(entry)
      work.then(
        (value) => {
          done()
          resolve(value)
        },
        (error) => {
          done()
          reject(error)
        },
      )
    })
}
