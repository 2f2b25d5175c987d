import * as z from 'zod'
import { setting } from '../config.ts'

/** Where Redis is, for whoever shares short-lived counts with other processes through it. */
export const redisConfig = z.object({
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'Write it as redis://[user:password@]host:port[/number]' })
    .optional()
    .describe('Redis, through which several gateways share rate limits; each counts alone without'),
  REDIS_PREFIX: setting
    .text()
    .regex(/^[\w.:-]{1,50}$/, 'Use letters, digits and . _ : -')
    .default('stoa')
    .describe('Begins the name of every key in Redis, so that several sites can share it'),
})

export type RedisConfig = z.output<typeof redisConfig>
