import fs from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'

/**
 * Builds the web app into `dist/web`, beside the one that is being served until it is whole.
 * With `--sizes` it tells what a browser has to load for each address, and fails when that is too
 * much.
 */
const root = path.resolve(import.meta.dirname, '..')
const target = path.join(root, 'dist/web')
const building = `${target}.new`

/** How much script, packed, the first view of any address may need. */
const mostBytes = 180_000
const shell = ['shell/shell', 'shell/confirmed-only']
/** What is loaded for each address, besides the start of the app and the words of a language. */
const routes: Record<string, readonly string[]> = {
  '/': ['pages/welcome-page'],
  '/setup': ['pages/setup-page'],
  '/confirm-email': ['pages/confirm-email-page'],
  '/sign-in': ['pages/sign-in-page'],
  '/sign-up': ['pages/sign-up-page'],
  '/dev/mail': ['pages/dev-mail-page'],
  '/conversations': [...shell, 'pages/conversations-page'],
  '/conversations/$conversationId': [
    ...shell,
    'pages/conversations-page',
    'pages/conversation-page',
  ],
  '/people': [...shell, 'pages/people-page'],
  '/people/$userId': [...shell, 'pages/people-page', 'pages/person-page'],
  '/notifications': [...shell, 'pages/notifications-page'],
  '/settings': [...shell, 'pages/settings-page'],
  ...Object.fromEntries(
    fs
      .readdirSync(path.join(root, 'web/settings'))
      .filter((file) => file.endsWith('.tsx'))
      .map((file) => path.parse(file).name)
      .map((name) => [
        `/settings/${name}`,
        [...shell, 'pages/settings-page', 'pages/settings-section-page', `settings/${name}`],
      ]),
  ),
  '/audit': [...shell, 'pages/audit-page'],
}

// Vite goes by it, and whoever starts this may have set it to something else: a test runner does.
// biome-ignore lint/style/noProcessEnv: it is set here, and read nowhere.
process.env.NODE_ENV = 'production'

const built = await build({
  configFile: path.join(root, 'vite.config.ts'),
  build: { outDir: building },
})
if (process.argv.includes('--sizes')) tellSizes((built as Rolldown.RolldownOutput).output)
fs.rmSync(target, { recursive: true, force: true })
fs.renameSync(building, target)

function tellSizes(output: Rolldown.RolldownOutput['output']): void {
  const chunks = output.filter((file) => file.type === 'chunk')
  const bytesOf = new Map(chunks.map((chunk) => [chunk, gzipSync(chunk.code).length]))
  const sum = (of: Iterable<Rolldown.OutputChunk>) =>
    [...of].reduce((bytes, chunk) => bytes + (bytesOf.get(chunk) ?? 0), 0)

  for (const [chunk, bytes] of [...bytesOf].sort(([, one], [, other]) => other - one)) {
    console.log(`${kB(bytes)} gzip ${kB(chunk.code.length)}  ${chunk.fileName}`)
  }

  /** The chunk that a module is in, and every chunk that this one cannot do without. */
  function neededFor(names: readonly string[]): Set<Rolldown.OutputChunk> {
    const needed = new Set<Rolldown.OutputChunk>()
    function add(chunk: Rolldown.OutputChunk | undefined): void {
      if (!chunk || needed.has(chunk)) return
      needed.add(chunk)
      for (const name of chunk.imports) add(chunks.find(({ fileName }) => fileName === name))
    }
    for (const name of names) {
      const modules = ['ts', 'tsx'].map((kind) => path.join(root, 'web', `${name}.${kind}`))
      const chunk = chunks.find(({ moduleIds }) => modules.some((id) => moduleIds.includes(id)))
      if (!chunk) throw new Error(`Nothing was made of web/${name}.`)
      add(chunk)
    }
    return needed
  }

  console.log('\nFirst view of each address, with the larger of the languages:')
  const languages = ['i18n/en', 'i18n/es']
  for (const [address, names] of Object.entries(routes)) {
    const sizes = languages.map((language) => sum(neededFor(['main', language, ...names])))
    const bytes = Math.max(...sizes)
    if (bytes > mostBytes) process.exitCode = 1
    console.log(
      `${kB(bytes)} gzip  ${address}${bytes > mostBytes ? `  is above${kB(mostBytes)}` : ''}`,
    )
  }

  const told = new Set(Object.values(routes).flat())
  const always = neededFor(['main'])
  for (const { name, ext } of fs.readdirSync(path.join(root, 'web/pages')).map(path.parse)) {
    if (ext !== '.tsx' || told.has(`pages/${name}`)) continue
    if ([...neededFor([`pages/${name}`])].every((chunk) => always.has(chunk))) continue
    throw new Error(`web/pages/${name} belongs to no address here.`)
  }
}

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(1).padStart(7)} kB`
}
