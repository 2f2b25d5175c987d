import type { Tier } from '../../kit/contract.ts'

/** A leaky bucket: what has been taken and has not yet run out again. */
export type Bucket = { level: number; at: number }

export type Limit = { amount: number; perMs: number }

export function createBucket(): Bucket {
  return { level: 0, at: 0 }
}

/** Takes from a bucket; answers 0, or the seconds after which there is enough again. */
export function take(bucket: Bucket, { amount, perMs }: Limit, now: number, cost = 1): number {
  const rate = amount / perMs
  const level = Math.max(0, bucket.level - (now - bucket.at) * rate)
  const excess = level + cost - Math.max(amount, cost)
  bucket.at = now
  bucket.level = excess > 0 ? level : level + cost
  return excess > 0 ? Math.ceil(excess / rate / 1000) : 0
}

/** Whether forgetting a bucket changes nothing. */
export function isEmpty(bucket: Bucket, { amount, perMs }: Limit, now: number): boolean {
  return bucket.level <= ((now - bucket.at) * amount) / perMs
}

/** What one event costs: the tiers stand to each other as they do over HTTP. */
export const tierCosts: Readonly<Record<Tier, number>> = {
  default: 1,
  auth: 10,
  otp: 33,
  upload: 10,
}
