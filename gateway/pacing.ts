/** Calls that may begin in one turn of the event loop: some milliseconds of work. */
const perTurn = 64

export type Pacer = {
  /** Nothing when a call may begin at once, or else what to wait for. */
  turn(): Promise<void> | undefined
}

/**
 * Lets requests begin a few at a time, in the order in which they came. Node.js reads all that has
 * arrived before it looks at anything else: of a thousand requests at once, the last would
 * otherwise be begun before a socket is heard again.
 */
export function createPacer(): Pacer {
  const line: (() => void)[] = []
  let begun = 0

  function nextTurn(): void {
    const next = line.splice(0, perTurn)
    begun = next.length
    if (begun > 0) setImmediate(nextTurn)
    for (const begin of next) begin()
  }

  return {
    turn() {
      if (begun < perTurn && line.length === 0) {
        if (begun === 0) setImmediate(nextTurn)
        begun += 1
        return undefined
      }
      return new Promise((resolve) => line.push(resolve))
    },
  }
}
