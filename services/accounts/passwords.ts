import { randomBytes } from 'node:crypto'
import { parseOptions } from '@node-rs/argon2'
import { kitFailure } from '../../kit/failure.ts'
import type { AccountsConfig } from './config.ts'
import { createHashing } from './hashing.ts'

/** Hashes passwords, a few at a time, and the rest in a line that is never longer than it helps. */
export type Passwords = ReturnType<typeof createPasswords>

const longestLine = 2_000
/** A first guess at the time of one hash; measured from then on. */
const guessMs = 40

export function createPasswords(config: AccountsConfig) {
  const atOnce = config.PASSWORD_HASHES_AT_ONCE
  // Argon2id is the library's default algorithm.
  const cost = {
    memoryCost: config.PASSWORD_HASH_KIB,
    timeCost: config.PASSWORD_HASH_PASSES,
    parallelism: 1,
  }
  // A hash of no password: checking against it takes the same work as against a real one.
  const nobody = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=1$${unpadded(16)}$${unpadded(32)}`
  const hashing = createHashing()
  const line: (() => void)[] = []
  let running = 0
  let usualMs = guessMs

  /**
   * Whoever cannot have an answer before the deadline is told so at once: work for callers who
   * have gone would keep everybody behind them waiting, and in the end too late as well.
   */
  async function inTurn<T>(deadline: number, work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) {
      const waitMs = (Math.ceil((line.length + 1) / atOnce) + 1) * usualMs
      if (line.length >= longestLine || Date.now() + waitMs > deadline) {
        throw kitFailure('unavailable', 'Too many people are signing in at this moment.', {
          retryAfter: Math.ceil(waitMs / 1000),
        })
      }
      await new Promise<void>((resolve) => line.push(resolve))
    } else {
      running++
    }
    const started = performance.now()
    try {
      return await work()
    } finally {
      usualMs += (performance.now() - started - usualMs) / 16
      const next = line.shift()
      if (next) next()
      else running--
    }
  }

  return {
    hash: (password: string, deadline: number): Promise<string> =>
      inTurn(deadline, async () => {
        const task = { kind: 'hash', password: normalise(password), cost } as const
        return String(await hashing.run(task))
      }),

    /** Without a hash, because there is no such account, it takes as long and says no. */
    async verify(
      passwordHash: string | undefined,
      password: string,
      deadline: number,
    ): Promise<boolean> {
      const task = {
        kind: 'verify',
        passwordHash: passwordHash ?? nobody,
        password: normalise(password),
      } as const
      const right = await inTurn(deadline, () => hashing.run(task))
      return right === true && passwordHash !== undefined
    },

    close: hashing.close,

    /** Whether a hash was made at another cost than is asked for now. */
    isOutdated(passwordHash: string): boolean {
      const { memoryCost, timeCost } = parseOptions(passwordHash)
      return memoryCost !== cost.memoryCost || timeCost !== cost.timeCost
    },
  }
}

/** One form for what different keyboards send for the same characters (NIST SP 800-63B-4). */
export function normalise(password: string): string {
  return password.normalize('NFKC')
}

function unpadded(length: number): string {
  return randomBytes(length).toString('base64').replaceAll('=', '')
}
