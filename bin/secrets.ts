import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

/** Secrets that an installation needs, each 32 random bytes in base64. */
export const secretNames = ['SIGNING_KEY', 'SETUP_CODE'] as const

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Completes the environment with secrets of this installation: what the environment does not
 * name is made at the first start and kept in the data folder, readable by its owner only.
 */
export function withSecrets(dataFolder: string, environment: Environment): Environment {
  const kept = readSecrets(dataFolder)
  const missing = secretNames.filter((name) => !kept[name] && !environment[name])
  if (missing.length > 0) {
    for (const name of missing) kept[name] = createSecret(name)
    writeSecrets(dataFolder, kept)
  }
  return { ...kept, ...Object.fromEntries(Object.entries(environment).filter(([, v]) => v)) }
}

/** The secrets that are kept in a data folder. */
export function readSecrets(dataFolder: string): Record<string, string> {
  const file = path.join(dataFolder, fileName)
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {}
}

export function writeSecrets(dataFolder: string, secrets: Readonly<Record<string, string>>): void {
  const file = path.join(dataFolder, fileName)
  const temporary = `${file}.new`
  const text = `${JSON.stringify(secrets, null, 2)}\n`
  fs.writeFileSync(temporary, text, { mode: 0o600, flush: true })
  fs.renameSync(temporary, file)
}

const fileName = 'secrets.json'

function createSecret(name: (typeof secretNames)[number]): string {
  // The set-up code is read from the terminal and may have to be typed.
  return name === 'SETUP_CODE'
    ? randomBytes(9).toString('base64url')
    : randomBytes(32).toString('base64')
}
