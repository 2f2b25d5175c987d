import { type Failure, kitFailure } from '../kit/failure.ts'
import type { GatewayConfig } from './config.ts'

const sampleEveryMs = 100
/** How much longer than other work signing in goes on: who is inside keeps working. */
const patience = 2

export type Shedder = {
  /** Why a request is turned away before any work is done for it, if it is. */
  refusal(important: boolean): Failure | undefined
  enter(): void
  leave(): void
  inFlight(): number
  /** Milliseconds that the event loop is late. */
  delay(): number
  close(): void
}

/** Turns requests away while the process cannot keep up, so that those it takes are answered. */
export function createShedder(config: GatewayConfig): Shedder {
  const { MAX_EVENT_LOOP_DELAY_MS: maxDelay, MAX_REQUESTS_IN_FLIGHT: maxInFlight } = config
  let inFlight = 0
  let expectedAt = performance.now() + sampleEveryMs
  let smoothed = 0

  const sampler = setInterval(() => {
    const now = performance.now()
    // One long stall is over when it is seen; only one that keeps coming back adds up.
    smoothed = (smoothed + Math.max(0, now - expectedAt)) / 2
    expectedAt = now + sampleEveryMs
  }, sampleEveryMs)
  sampler.unref()

  return {
    refusal(important) {
      const factor = important ? patience : 1
      if (inFlight < maxInFlight * factor && smoothed < maxDelay * factor) return undefined
      const retryAfter = 1 + Math.floor(Math.random() * 3)
      return kitFailure('unavailable', 'Too much is going on at the moment.', { retryAfter })
    },
    enter: () => void inFlight++,
    leave: () => void inFlight--,
    inFlight: () => inFlight,
    delay: () => smoothed,
    close: () => clearInterval(sampler),
  }
}
