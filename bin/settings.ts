// `npm run settings`: writes what the schemas say of settings, for whoever runs the product, as
// `.env.example` and `docs/settings.md`; with `--check`, only says whether they are up to date.
import fs from 'node:fs'
import path from 'node:path'
import { describeSettings, type SettingDescription } from '../kit/config.ts'
import { configSchemas, sharedNames } from './config.ts'

type Part = { name: string; settings: SettingDescription[] }

/** Each setting once, in the part that reads it first. */
function listParts(): Part[] {
  const listed = new Set<string>()
  return Object.entries(configSchemas).map(([name, schema]) => {
    const settings = describeSettings(schema).filter((setting) => !listed.has(setting.name))
    for (const setting of settings) listed.add(setting.name)
    return { name, settings }
  })
}

const toExample = (parts: readonly Part[]) =>
  `# Copy to .env and change what you need; every line that stays a comment keeps its default.
# In one process, SIGNING_KEY and SETUP_CODE are made at the first start and kept in the data folder.

${parts
  .map(({ name, settings }) => {
    const lines = settings.flatMap(({ name, description, fallback }) => [
      `# ${description}`,
      `#${name}=${fallback ?? ''}`,
      '',
    ])
    return [`# ── ${name} ──`, '', ...lines].join('\n')
  })
  .join('\n')}`

const toTable = (parts: readonly Part[]) =>
  `# Settings

Environment variables, or lines of a file \`.env\` where the product is started. One process needs
none of them. Parts that run apart ([how](guides/split.md)) share a database, a bus and secrets, and
demand those marked *apart*; each process reads only the settings of its own parts. Whatever is
wrong is told at once, by name, and nothing starts.

${parts
  .map(({ name, settings }) =>
    [
      `## ${name}`,
      '',
      '| Setting | What it is | Default |',
      '| --- | --- | --- |',
      ...settings.map(toRow),
      '',
    ].join('\n'),
  )
  .join('\n')}`

/** Demanded of parts that run apart, in words where not by themselves. */
const demands: Readonly<Record<string, string>> = {
  DATABASE_URL: '*apart*',
  KAFKA_BROKERS: '*apart*: this or `RABBITMQ_URL`',
  RABBITMQ_URL: '*apart*: this or `KAFKA_BROKERS`',
}

function toRow({ name, description, fallback, required }: SettingDescription): string {
  const isShared = required || sharedNames.includes(name)
  const value = fallback ? `\`${fallback}\`` : ''
  const rest = demands[name] ?? (isShared ? '*apart*' : value)
  return `| \`${name}\` | ${description.replaceAll('|', '\\|')} | ${rest} |`
}

const parts = listParts()
const texts = { '.env.example': toExample(parts), 'docs/settings.md': toTable(parts) }
for (const [name, text] of Object.entries(texts)) {
  const file = path.resolve(import.meta.dirname, '..', name)
  if (!process.argv.includes('--check')) fs.writeFileSync(file, text)
  else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) {
    console.error(`${name} is not what the settings say: run \`npm run settings\`.`)
    process.exitCode = 1
  }
}
