import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'

const newNode: string[] = []
const thing = { 'node_modules/thing': { version: '1.0.0' } }
const tool = { 'node_modules/tool': { version: '1.0.0', dev: true } }

/** Flags that make Node tell an older version than it has. */
function olderNode(version: string): string[] {
  const versions = JSON.stringify({ node: version })
  return preload(`Object.defineProperty(process, 'versions', { value: ${versions} })`)
}

// No real folder will do, because none is closed to root.
const closedFolder = preload(`
  import fs from 'node:fs'
  fs.mkdirSync = () => { throw Object.assign(new Error(), { code: 'EACCES' }) }`)

function preload(script: string): string[] {
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`]
}

const nodes = [
  ['the Node that runs it', newNode],
  ['the packaged Node', olderNode('20.20.2')],
] as const

test.each(nodes)('the script runs with its arguments on %s', async (_, node) => {
  const checkout = await createCheckout()
  await checkout.write('hello.mjs', 'console.log(process.argv.slice(1))')

  const { output, code } = await checkout.run(node, 'hello.mjs', 'accounts', '--flag').ended

  expect(output).toBe(`[ '${checkout.folder}/hello.mjs', 'accounts', '--flag' ]\n`)
  expect(code).toBe(0)
})

test('flags before the script go to Node', async () => {
  const checkout = await createCheckout()
  await checkout.write('title.mjs', 'console.log(process.title, process.argv.slice(2))')

  const { output } = await checkout.run(newNode, '--title=stoa', 'title.mjs', 'chat').ended

  expect(output).toBe("stoa [ 'chat' ]\n")
})

test.each(nodes)('limits of memory and threads reach the script on %s', async (_, node) => {
  const checkout = await createCheckout()
  await checkout.write('flags.mjs', 'console.log(process.execArgv.join())')

  const limits = ['--max-semi-space-size=4', '--v8-pool-size=1']
  const { output } = await checkout.run([...node, ...limits], 'flags.mjs').ended

  expect(output).toContain(limits.join())
})

test.each(nodes)('the exit code is passed on from %s', async (_, node) => {
  const checkout = await createCheckout()
  await checkout.write('fail.mjs', 'process.exitCode = 7')

  expect(await checkout.run(node, 'fail.mjs').ended).toMatchObject({ code: 7, signal: null })
})

test.each(nodes)('an error of the script is shown whole by %s', async (_, node) => {
  const checkout = await createCheckout()
  await checkout.write('throw.mjs', "throw new TypeError('odd')")

  const { output, code } = await checkout.run(node, 'throw.mjs').ended

  expect(output).toMatch(/TypeError: odd\n +at .*throw[.]mjs:1:7/)
  expect(code).toBe(1)
})

test.each(
  nodes.flatMap(([name, node]) =>
    (['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map((signal) => ({ signal, name, node })),
  ),
)('$signal reaches the script on $name', async ({ signal, node }) => {
  const checkout = await createCheckout()
  await checkout.write(
    'serve.mjs',
    `const timer = setInterval(() => {}, 1000)
     process.on('${signal}', () => { console.log('stopped'); clearInterval(timer) })
     console.log('ready')`,
  )
  const started = checkout.run(node, 'serve.mjs')
  await started.says('ready')

  started.kill(signal)

  expect(await started.ended).toEqual({ output: 'ready\nstopped\n', code: 0, signal: null })
})

test.each(nodes)('death by a signal is passed on from %s', async (_, node) => {
  const checkout = await createCheckout()
  await checkout.write('die.mjs', "process.kill(process.pid, 'SIGKILL')")

  expect(await checkout.run(node, 'die.mjs').ended).toMatchObject({ signal: 'SIGKILL' })
})

test('missing packages are installed first, once by two processes', async () => {
  const checkout = await createCheckout({ installed: false })
  await checkout.write('hello.mjs', "console.log('hello')")
  await checkout.npm({ waits: true })

  const first = checkout.run(newNode, 'hello.mjs')
  await first.says('Installing')
  const second = checkout.run(newNode, 'hello.mjs')
  await second.says('Waiting')
  await checkout.write('go', '')

  expect((await first.ended).output).toBe("Installing Stoa's packages (once)…\nhello\n")
  expect((await second.ended).output).toBe(
    "Waiting for another process that installs Stoa's packages…\nhello\n",
  )
  expect(await fs.readdir(checkout.folder)).not.toContain('.installing')
})

test.each([
  ['another version', { 'node_modules/thing': { version: '1.0.1' } }],
  ['one more package', { 'node_modules/other': { version: '1.0.0' } }],
  ['one more tool', { 'node_modules/other': { version: '1.0.0', dev: true } }],
])('%s in the lockfile leads to a new installation', async (_, change) => {
  const checkout = await createCheckout()
  await checkout.write('package-lock.json', lockfileOf(thing, tool, change))
  await checkout.write('hello.mjs', "console.log('hello')")
  await checkout.npm()

  expect((await checkout.run(newNode, 'hello.mjs').ended).output).toContain('Installing')
  expect((await checkout.run(newNode, 'hello.mjs').ended).output).toBe('hello\n')
})

test.each([
  ['development', lockfileOf(tool)],
  [
    'other kinds of machine',
    lockfileOf({ 'node_modules/a': { version: '1.0.0', optional: true } }),
  ],
])('packages for %s may be absent', async (_, lockfile) => {
  const checkout = await createCheckout()
  await checkout.write('package-lock.json', lockfile)
  await checkout.write('node_modules/.package-lock.json', lockfileOf())
  await checkout.write('hello.mjs', "console.log('hello')")

  expect((await checkout.run(newNode, 'hello.mjs').ended).output).toBe('hello\n')
})

test('the lock of a killed installation expires', async () => {
  const checkout = await createCheckout({ installed: false })
  await checkout.npm()
  const lock = path.join(checkout.folder, '.installing')
  await fs.mkdir(lock)
  const minuteAgo = new Date(Date.now() - 60_000)
  await fs.utimes(lock, minuteAgo, minuteAgo)

  expect((await checkout.run(newNode).ended).code).toBe(0)
})

test('a signal during the installation stops it, and nothing is started', async () => {
  const checkout = await createCheckout({ installed: false })
  await checkout.write('hello.mjs', "console.log('hello')")
  await checkout.npm({ waits: true })
  const started = checkout.run(newNode, 'hello.mjs')
  await vi.waitFor(() => fs.access(path.join(checkout.folder, 'npm-runs')), 10_000)

  started.kill('SIGTERM')

  const { output, signal } = await started.ended
  expect(output).not.toContain('hello')
  expect(signal).toBe('SIGTERM')
  expect(await fs.readdir(checkout.folder)).not.toContain('.installing')
})

test.each([
  [
    'npm error code ENOTFOUND',
    "Stoa's packages could not be installed because the npm registry cannot be reached (ENOTFOUND): check the network and npm's proxy settings, then run this again.",
  ],
  [
    'npm error code EACCES\nnpm error path /srv/stoa/node_modules',
    "Stoa's packages could not be installed because /srv/stoa/node_modules is not writable for this user: change its owner or permissions, then run this again.",
  ],
  [
    'npm error code EUSAGE',
    "npm error code EUSAGE\nStoa's packages could not be installed; npm says why above.",
  ],
])('%j is explained', async (error, sentence) => {
  const checkout = await createCheckout({ installed: false })
  await checkout.npm({ error })

  const { output, code } = await checkout.run(newNode, 'hello.mjs').ended

  expect(output).toBe(`Installing Stoa's packages (once)…\n${sentence}\n`)
  expect(code).toBe(1)
})

test('a missing npm is explained', async () => {
  const checkout = await createCheckout({ installed: false })

  const { output, code } = await checkout.run(newNode, 'hello.mjs').ended

  expect(output).toContain(
    "Stoa's packages could not be installed because npm was not found: install npm, or add its folder to the PATH.\n",
  )
  expect(code).toBe(1)
})

test('a folder closed to this user is explained', async () => {
  const checkout = await createCheckout({ installed: false })

  const { output, code } = await checkout.run(closedFolder, 'hello.mjs').ended

  expect(output).toBe(
    `Stoa's packages could not be installed because ${checkout.folder} is not writable for this user: change its owner or permissions, then run this again.\n`,
  )
  expect(code).toBe(1)
})

test('packages without a Node are explained', async () => {
  const checkout = await createCheckout()
  await fs.rm(path.join(checkout.folder, 'node_modules/.bin/node'))

  const { output, code } = await checkout.run(olderNode('22.22.0'), 'hello.mjs').ended

  expect(output).toBe(
    "There is no Node.js 24 that runs here among Stoa's packages, because npm skipped its install script or they were copied from another machine: run `npm rebuild node --ignore-scripts=false`, then this again.\n",
  )
  expect(code).toBe(1)
})

test('a Node that is too old is explained', async () => {
  const checkout = await createCheckout()

  const { output, code } = await checkout.run(olderNode('18.20.8'), 'hello.mjs').ended

  expect(output).toBe(
    'Stoa needs Node.js 20 or newer to start, and this is 18.20.8: install a newer one.\n',
  )
  expect(code).toBe(1)
})

function lockfileOf(...packages: object[]): string {
  return JSON.stringify({ packages: Object.assign({ '': {} }, ...packages) })
}

/** A folder that looks like a checkout to the bootstrap; its npm is what the test makes it. */
async function createCheckout({ installed = true } = {}) {
  const folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'stoa-bootstrap-')))
  const tools = path.join(folder, 'tools')
  const groups: number[] = []
  // Also after a timeout, which `await using` would not see.
  onTestFinished(async () => {
    for (const group of groups) killGroup(group)
    await fs.rm(folder, { recursive: true, force: true })
  })

  async function write(name: string, content: string) {
    const file = path.join(folder, name)
    await fs.mkdir(path.dirname(file), { recursive: true })
    await fs.writeFile(file, content)
  }

  await write('package-lock.json', lockfileOf(thing, tool))
  await write('tools/fake-npm.mjs', fakeNpm)
  await fs.mkdir(path.join(folder, 'bin'))
  await fs.copyFile(
    path.join(import.meta.dirname, '../bin/bootstrap.mjs'),
    path.join(folder, 'bin/bootstrap.mjs'),
  )
  if (installed) {
    await write('node_modules/.package-lock.json', lockfileOf(thing, tool))
    await fs.mkdir(path.join(folder, 'node_modules/.bin'))
    await fs.symlink(process.execPath, path.join(folder, 'node_modules/.bin/node'))
  }

  return {
    folder,
    write,

    async npm(behaviour: { waits?: boolean; error?: string } = {}) {
      const told = `'${JSON.stringify(behaviour)}'`
      const script = `#!/bin/sh\nexec '${process.execPath}' '${tools}/fake-npm.mjs' ${told} "$@"\n`
      await write('tools/npm', script)
      await fs.chmod(path.join(tools, 'npm'), 0o755)
    },

    run(node: readonly string[], ...words: string[]) {
      const bootstrap = path.join(folder, 'bin/bootstrap.mjs')
      const child = spawn(process.execPath, [...node, bootstrap, ...words], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: tools },
        detached: true,
      })
      if (child.pid) groups.push(child.pid)
      let output = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => {
          output += text
        })
      }
      const ended = once(child, 'close').then(([code, signal]) => ({ output, code, signal }))
      return {
        ended,
        kill: (signal: NodeJS.Signals) => child.kill(signal),
        says: (text: string) => vi.waitFor(() => expect(output).toContain(text), 10_000),
      }
    },
  }
}

/** Ends what a failed test left behind; most have ended by themselves. */
function killGroup(group: number) {
  try {
    process.kill(-group, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

const fakeNpm = `
import fs from 'node:fs'
const { waits, error } = JSON.parse(process.argv[2])
if (process.argv[3] !== 'ci') throw new Error('unexpected ' + process.argv[3])
fs.mkdirSync('npm-runs')
if (error) {
  console.error(error)
  process.exitCode = 1
} else {
  while (waits && !fs.existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 10))
  fs.mkdirSync('node_modules', { recursive: true })
  fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json')
}
`
