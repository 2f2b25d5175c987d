import type { Tier } from '../kit/contract.ts'
import type { SharedWindows } from '../kit/redis/windows.ts'
import type { GatewayConfig } from './config.ts'
import type { Limits } from './limits.ts'

/**
 * Counts requests together with the other gateways. While the shared count cannot be had, each
 * gateway counts alone: a limit that holds too little is better than a site that answers nobody.
 */
export function createSharedLimits(
  config: GatewayConfig,
  alone: Limits,
  windows: SharedWindows,
): Limits {
  const windowMs = config.RATE_LIMIT_WINDOW * 1000
  const amounts: Record<Tier, number> = {
    default: config.RATE_LIMIT_DEFAULT,
    auth: config.RATE_LIMIT_AUTH,
    otp: config.RATE_LIMIT_OTP,
    upload: config.RATE_LIMIT_UPLOAD,
  }
  const nameOf = (tier: Tier, key: string) => `limit:${tier}:${key}`

  return {
    async take(tier, key) {
      const state = await windows.add(nameOf(tier, key), windowMs)
      if (!state) return alone.take(tier, key)
      const { count, leftMs } = state
      return { remaining: amounts[tier] - count, resetSeconds: Math.ceil(leftMs / 1000) }
    },
    async isExhausted(tier, key) {
      const state = await windows.look(nameOf(tier, key))
      return state ? state.count >= amounts[tier] : alone.isExhausted(tier, key)
    },
    describe: alone.describe,
    close: alone.close,
  }
}
