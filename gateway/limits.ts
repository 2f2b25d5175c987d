import type { FastifyReply } from 'fastify'
import type { Tier } from '../kit/contract.ts'
import { type Failure, kitFailure } from '../kit/failure.ts'
import type { GatewayConfig } from './config.ts'

/** What is left of a tier for somebody; below zero, the request was one too many. */
export type Allowance = { remaining: number; resetSeconds: number }

export type Answer<T> = T | Promise<T>

export type Limits = {
  /** Counts a request of somebody: at once, where the count is kept in this process. */
  take(tier: Tier, key: string): Answer<Allowance>
  /** Whether one more would be one too many; counts nothing. */
  isExhausted(tier: Tier, key: string): Answer<boolean>
  /** Tells the caller of the limit and of what is left (draft-ietf-httpapi-ratelimit-headers). */
  describe(reply: FastifyReply, tier: Tier, allowance: Allowance): void
  close(): void
}

type Window = { taken: number; endsAt: number }

/** Counts requests in memory; each tier has windows of its own, which begin with the first request. */
export function createLimits(config: GatewayConfig): Limits {
  const windowMs = config.RATE_LIMIT_WINDOW * 1000
  const tiers = {
    default: createTier('default', config.RATE_LIMIT_DEFAULT),
    auth: createTier('auth', config.RATE_LIMIT_AUTH),
    otp: createTier('otp', config.RATE_LIMIT_OTP),
    upload: createTier('upload', config.RATE_LIMIT_UPLOAD),
  } satisfies Record<Tier, unknown>

  function createTier(tier: Tier, amount: number) {
    const policy = `"${tier}";q=${amount};w=${config.RATE_LIMIT_WINDOW}`
    return { amount, policy, windows: new Map<string, Window>() }
  }

  const tidy = setInterval(() => {
    const now = performance.now()
    for (const { windows } of Object.values(tiers)) {
      for (const [key, { endsAt }] of windows) if (endsAt <= now) windows.delete(key)
    }
  }, windowMs)
  tidy.unref()

  return {
    take(tier, key) {
      const { amount, windows } = tiers[tier]
      // Whole milliseconds, so that a whole window is not rounded up to a second more.
      const now = Math.trunc(performance.now())
      let window = windows.get(key)
      if (!window || window.endsAt <= now) {
        window = { taken: 0, endsAt: now + windowMs }
        windows.set(key, window)
      }
      window.taken++
      const resetSeconds = Math.ceil((window.endsAt - now) / 1000)
      return { remaining: amount - window.taken, resetSeconds }
    },
    isExhausted(tier, key) {
      const { amount, windows } = tiers[tier]
      const window = windows.get(key)
      return window !== undefined && window.taken >= amount && window.endsAt > performance.now()
    },
    describe(reply, tier, { remaining, resetSeconds }) {
      reply.header('ratelimit-policy', tiers[tier].policy)
      reply.header('ratelimit', `"${tier}";r=${Math.max(0, remaining)};t=${resetSeconds}`)
    },
    close: () => clearInterval(tidy),
  }
}

export function tooMany({ resetSeconds }: Allowance): Failure {
  return kitFailure('rate_limited', 'Too many requests; please wait.', { retryAfter: resetSeconds })
}
