import { type Environment, mustBeSet } from '../../kit/config.ts'
import { accountsService } from '../../services/accounts/index.ts'
import { Problem } from '../problem.ts'
import { readSecrets, secretNames, writeSecrets } from '../secrets.ts'
import type { Place } from './places.ts'

/** How the secrets get to where a community moves. */
export type Bringing = {
  /** Keeps them at the target, if that is a place for secrets. */
  keep(): void
  /** What is left to do for whoever moves it. */
  advice: readonly string[]
}

/**
 * Sessions go on only under the key that signed them. A data folder keeps the secrets beside the
 * databases; beside PostgreSQL they stand in the environment of the parts.
 */
export function bringSecrets(from: Place, to: Place, environment: Environment): Bringing {
  const kept = from.kind === 'sqlite' ? readSecrets(from.folder) : {}
  const secrets = Object.fromEntries(
    secretNames.flatMap((name) => {
      const value = environment[name] || kept[name]
      return value ? [[name, value]] : []
    }),
  )
  if (to.kind === 'sqlite') {
    if (!secrets.SIGNING_KEY) {
      const { config } = accountsService
      throw new Problem(
        `SIGNING_KEY: ${mustBeSet(config, 'SIGNING_KEY')} to what it is now, or everybody would have to sign in again.`,
      )
    }
    return { keep: () => writeSecrets(to.folder, secrets), advice: [] }
  }
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}`)
  if (from.kind === 'postgres' || lines.length === 0) return { keep() {}, advice: [] }
  return {
    keep() {},
    advice: ['Set these where its parts run, so that sessions go on:', ...lines],
  }
}
