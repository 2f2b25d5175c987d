// `npm run check`: everything a tool can say about the code without running it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

type Check = {
  name: string
  command: readonly string[]
  /** What the output must hold besides a good exit code. */
  says?: RegExp
}

const checks: readonly Check[] = [
  { name: 'types', command: ['node_modules/@typescript/native/bin/tsc'] },
  {
    name: 'types of the web app',
    command: ['node_modules/@typescript/native/bin/tsc', '-p', 'web'],
  },
  {
    name: 'types of the web tests',
    command: ['node_modules/@typescript/native/bin/tsc', '-p', 'tests/web'],
  },
  {
    name: 'format and lint',
    command: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
  },
  {
    name: 'boundaries',
    command: ['node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', '.'],
    // With a TypeScript it does not know, it sees no modules and is content with that.
    says: /\([1-9]\d* modules/,
  },
  { name: 'dead code', command: ['node_modules/knip/bin/knip.js', '--no-config-hints'] },
  { name: 'contracts', command: ['bin/check-contracts.ts'] },
  { name: 'routes of the client', command: ['bin/client-routes.ts', '--check'] },
  { name: 'settings', command: ['bin/settings.ts', '--check'] },
]

const startedAt = performance.now()
const failed: string[] = []
const waiting = [...checks]

// Two at a time: most of them use a second core by themselves.
await Promise.all([runNext(), runNext()])

if (failed.length > 0) {
  console.error(`\n${failed.length} of ${checks.length} checks failed: ${failed.join(', ')}.`)
  process.exitCode = 1
} else {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`${checks.length} checks passed in ${seconds} s.`)
}

async function runNext(): Promise<void> {
  const check = waiting.shift()
  if (!check) return
  const { output, passed } = await run(check)
  if (!passed) {
    failed.push(check.name)
    console.error(`\n── ${check.name} ──\n${output.trim()}`)
  }
  await runNext()
}

async function run({ command, says }: Check) {
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  const output = out + err
  return { output, passed: code === 0 && (says?.test(output) ?? true) }
}
