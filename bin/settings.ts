import fs from 'node:fs'
import path from 'node:path'
import { describeSettings } from '../kit/config.ts'
import { configSchemas } from './config.ts'

/** Writes `.env.example` from the schemas; with `--check`, only says whether it is up to date. */
const file = path.resolve(import.meta.dirname, '../.env.example')
const written = new Set<string>()
const parts = Object.entries(configSchemas).map(([part, schema]) => {
  const lines = describeSettings(schema)
    .filter(({ name }) => !written.has(name))
    .flatMap(({ name, description, fallback }) => {
      written.add(name)
      return [`# ${description}`, `#${name}=${fallback ?? ''}`, '']
    })
  return [`# ── ${part} ──`, '', ...lines].join('\n')
})
const text = `# Copy to .env and change what you need; every line that stays a comment keeps its default.
# SIGNING_KEY and SETUP_CODE are made at the first start and kept in the data folder.

${parts.join('\n')}`

if (!process.argv.includes('--check')) fs.writeFileSync(file, text)
else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) {
  console.error('.env.example is not what the settings say: run `npm run settings`.')
  process.exitCode = 1
}
