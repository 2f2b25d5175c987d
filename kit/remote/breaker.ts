/** Failures in a row after which a service is left alone. */
const tolerated = 10
/** How long nobody asks it; then one call at a time may try. */
const pauseMs = 1_000

/** Keeps callers of a service that does not answer from waiting for it in vain. */
export type Breaker = {
  /** Whether a call may be tried; one that is allowed must be told of by `succeed` or `fail`. */
  allows(): boolean
  succeed(): void
  fail(): void
}

export function createBreaker(
  onChange: (isOpen: boolean) => void,
  now: () => number = Date.now,
): Breaker {
  let failures = 0
  let openUntil = 0
  let probing = false

  return {
    allows() {
      if (failures < tolerated) return true
      if (probing || now() < openUntil) return false
      probing = true
      return true
    },
    succeed() {
      if (failures >= tolerated) onChange(false)
      failures = 0
      probing = false
    },
    fail() {
      failures++
      probing = false
      if (failures === tolerated) onChange(true)
      if (failures >= tolerated) openUntil = now() + pauseMs
    },
  }
}

/** Repeats allowed for each first attempt, so that repeating never multiplies an overload. */
const share = 0.2
const saved = 10

/** A budget of repeats, fed by first attempts. */
export type RetryBudget = {
  earn(): void
  spend(): boolean
}

export function createRetryBudget(): RetryBudget {
  let left = saved
  return {
    earn() {
      left = Math.min(saved, left + share)
    },
    spend() {
      if (left < 1) return false
      left--
      return true
    },
  }
}
