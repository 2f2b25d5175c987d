import { kitFailure } from './failure.ts'

type Waiting = { deadline: number; expire: () => void }

/** How late a deadline may be noticed. */
const tickMs = 20

/**
 * Makes the function that lets nobody wait beyond a deadline. The work itself may still end, and
 * is not undone. One clock serves all: a timer for each call would cost more than most calls do.
 */
export function createDeadlines(): <T>(work: Promise<T>, deadline: number) => Promise<T> {
  const waiting = new Set<Waiting>()
  let ticking = false

  function tick(): void {
    const now = Date.now()
    for (const entry of waiting) {
      if (entry.deadline > now) continue
      waiting.delete(entry)
      entry.expire()
    }
    ticking = waiting.size > 0
    if (ticking) setTimeout(tick, tickMs)
  }

  return (work, deadline) =>
    new Promise((resolve, reject) => {
      const late = () => kitFailure('unavailable', 'The answer took too long.', { retryAfter: 1 })
      const entry: Waiting = { deadline, expire: () => reject(late()) }
      waiting.add(entry)
      if (!ticking) {
        ticking = true
        setTimeout(tick, tickMs)
      }
      // At once, not at the next tick: an entry keeps its whole request from being collected young.
      const done = () => waiting.delete(entry)
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
