import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

/** Secrets that an installation needs, each 32 random bytes in base64. */
const names = ['SIGNING_KEY', 'SETUP_CODE'] as const

/**
 * Completes the environment with secrets of this installation: what the environment does not
 * name is made at the first start and kept in the data folder, readable by its owner only.
 */
export function withSecrets(
  dataFolder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const file = path.join(dataFolder, 'secrets.json')
  const kept: Record<string, string> = fs.existsSync(file)
    ? JSON.parse(fs.readFileSync(file, 'utf8'))
    : {}
  const missing = names.filter((name) => !kept[name] && !environment[name])
  if (missing.length > 0) {
    for (const name of missing) kept[name] = createSecret(name)
    const temporary = `${file}.new`
    fs.writeFileSync(temporary, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600, flush: true })
    fs.renameSync(temporary, file)
  }
  return { ...kept, ...Object.fromEntries(Object.entries(environment).filter(([, v]) => v)) }
}

function createSecret(name: (typeof names)[number]): string {
  // The set-up code is read from the terminal and may have to be typed.
  return name === 'SETUP_CODE'
    ? randomBytes(9).toString('base64url')
    : randomBytes(32).toString('base64')
}
