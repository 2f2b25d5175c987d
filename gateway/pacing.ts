/** Calls that may begin in one turn of the event loop: as many as fit into some milliseconds. */
const mostPerTurn = 64
const fewestPerTurn = 4
const longestTurnMs = 6

export type Pacer = {
  /** Nothing when a call may begin at once, or else what to wait for. */
  turn(): Promise<void> | undefined
}

/**
 * Lets requests begin a few at a time, in the order in which they came. Node.js reads all that has
 * arrived before it looks at anything else: of a thousand requests at once, the last would
 * otherwise be begun before a socket is heard again. What they cost shows only afterwards, so the
 * number is halved when a full turn was too long, and grows slowly while it is not.
 */
export function createPacer(now: () => number = () => performance.now()): Pacer {
  const line: (() => void)[] = []
  let perTurn = mostPerTurn
  let begun = 0
  let startedAt = 0

  function nextTurn(): void {
    const time = now()
    if (begun === perTurn) {
      const isTooLong = time - startedAt > longestTurnMs
      perTurn = isTooLong
        ? Math.max(fewestPerTurn, Math.floor(perTurn / 2))
        : Math.min(mostPerTurn, perTurn + fewestPerTurn)
    }
    startedAt = time
    const next = line.splice(0, perTurn)
    begun = next.length
    if (begun > 0) setImmediate(nextTurn)
    for (const begin of next) begin()
  }

  return {
    turn() {
      if (begun < perTurn && line.length === 0) {
        if (begun === 0) {
          startedAt = now()
          setImmediate(nextTurn)
        }
        begun += 1
        return undefined
      }
      return new Promise((resolve) => line.push(resolve))
    },
  }
}
