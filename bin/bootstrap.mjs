// What every npm script goes through: `node bin/bootstrap.mjs [node flags] [script [arguments]]`.
// It installs the packages when they are missing or differ from the lockfile, then runs the script
// with a Node that can: this one if it is new enough, otherwise the one among the packages.
// Plain JavaScript and no newer named imports: on a fresh clone the Node that runs it may be 20.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import module from 'node:module'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'

const oldestToInstall = [20, 0]
// From here on Node runs TypeScript as it stands, without a flag and without a warning.
const oldestToRun = [24, 6]

const bootstrap = fileURLToPath(import.meta.url)
const root = path.dirname(path.dirname(bootstrap))
const packages = path.join(root, 'node_modules')

/** Something the user can mend: shown as its sentence, without a stack. */
class Problem extends Error {}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Problem)) throw error
  console.error(error.message)
  process.exitCode = 1
}

async function main(words) {
  const version = process.versions.node
  if (!isAtLeast(oldestToInstall, version)) {
    throw new Problem(
      `Stoa needs Node.js 20 or newer to start, and this is ${version}: install a newer one.`,
    )
  }
  const stoppedBy = isInstalled() ? undefined : await install()
  if (stoppedBy) return process.kill(process.pid, stoppedBy)

  const newEnough = isAtLeast(oldestToRun, version)
  const node = newEnough ? process.execPath : findPackagedNode()

  const at = words.findIndex((word) => !word.startsWith('-'))
  if (at < 0) return
  const script = path.resolve(root, words[at])
  if (newEnough && at === 0) {
    // A second process would cost a good part of the start, and stand between the script and signals.
    module.enableCompileCache?.(path.join(packages, '.cache/stoa'))
    process.argv.splice(1, 2, script)
    await import(pathToFileURL(script).href)
    return
  }
  const flags = words.slice(0, at)
  // Limits of memory and threads that an npm script states are meant for the script, whichever Node
  // runs it.
  const limits = process.execArgv.filter((flag) => /^--(max-|v8-pool-size=)/.test(flag))
  const ended = await run(node, [...limits, ...flags, bootstrap, script, ...words.slice(at + 1)])
  if (ended.signal) process.kill(process.pid, ended.signal)
  else process.exitCode = ended.code
}

/** Whether npm's own record of what it installed agrees with the lockfile. */
function isInstalled() {
  const installed = readPackages('node_modules/.package-lock.json')
  const wanted = readPackages('package-lock.json')
  if (!installed || !wanted) return false
  // An installation for production leaves every development package out, and on purpose.
  const production = !Object.values(installed).some((entry) => entry.dev)
  return Object.entries(wanted).every(([folder, { version, optional, devOptional, dev }]) => {
    const found = installed[folder]
    if (found) return found.version === version
    return folder === '' || optional || devOptional || (dev && production)
  })
}

function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')).packages
  } catch {
    return undefined
  }
}

/** Installs what the lockfile names; answers with the signal that stopped it, if one did. */
async function install() {
  const unlock = await lock()
  try {
    // Whoever held the lock before may have done it.
    if (isInstalled()) return undefined
    console.error("Installing Stoa's packages (once)…")
    const retries = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000']
    const npm = await run('npm', ['ci', '--loglevel=error', '--prefer-offline', ...retries], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: pathWithoutPackages() },
    })
    if (npm.received) return npm.received
    if (npm.code !== 0) throw explain(npm.output)
    return undefined
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    throw new Problem(
      "Stoa's packages could not be installed because npm was not found: install npm, or add its folder to the PATH.",
    )
  } finally {
    unlock()
  }
}

/** npm must not run with the Node that it is about to replace. */
function pathWithoutPackages() {
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  return folders.filter((folder) => !folder.startsWith(packages)).join(path.delimiter)
}

function explain(output) {
  const unreachable =
    /\b(ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|E5\d\d|\w*CERT\w*)\b/
  const [code] = output.match(unreachable) ?? []
  if (code) {
    return new Problem(
      `Stoa's packages could not be installed because the npm registry cannot be reached (${code}): check the network and npm's proxy settings, then run this again.`,
    )
  }
  if (/\b(EACCES|EPERM|EROFS)\b/.test(output)) {
    return notWritable(output.match(/^npm (?:error|ERR!) path (.+)$/m)?.[1] ?? root)
  }
  return new Problem(
    `${output.trim()}\nStoa's packages could not be installed; npm says why above.`,
  )
}

function notWritable(folder) {
  return new Problem(
    `Stoa's packages could not be installed because ${folder} is not writable for this user: change its owner or permissions, then run this again.`,
  )
}

/**
 * Lets one process install at a time. The lock is a folder whose time its owner renews, so that one
 * left behind by a killed process expires, also between containers that share the checkout.
 */
async function lock() {
  const folder = path.join(root, '.installing')
  const renewMs = 1_000
  const expireMs = 15_000
  for (let said = false; !tryToMake(folder); said = true) {
    if (!said) console.error("Waiting for another process that installs Stoa's packages…")
    const renewed = fs.statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Date.now() - renewed > expireMs) fs.rmSync(folder, { recursive: true, force: true })
    else await pause(100)
  }
  const renewal = setInterval(() => {
    const now = new Date()
    fs.utimes(folder, now, now, () => {})
  }, renewMs)
  return () => {
    clearInterval(renewal)
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Makes a folder unless it is there: of several processes that try, one succeeds. */
function tryToMake(folder) {
  try {
    fs.mkdirSync(folder)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw notWritable(root)
  }
}

function findPackagedNode() {
  const node = path.join(packages, '.bin/node')
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
  if (isAtLeast(oldestToRun, stdout?.slice(1) ?? '')) return node
  throw new Problem(
    "There is no Node.js 24 that runs here among Stoa's packages, because npm skipped its install script or they were copied from another machine: run `npm rebuild node --ignore-scripts=false`, then this again.",
  )
}

function isAtLeast([major, minor], version) {
  const [ownMajor, ownMinor] = version.split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}

/**
 * Runs a program, hands every stop signal on to it, and answers how it ended, which signal was
 * received meanwhile, and what it wrote if nobody saw that.
 */
async function run(command, args, options = { stdio: 'inherit' }) {
  const child = spawn(command, args, options)
  let received
  const forward = (signal) => {
    received = signal
    child.kill(signal)
  }
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP']
  for (const signal of signals) process.on(signal, forward)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  try {
    const [code, signal] = await once(child, 'close')
    return { code, signal, received, output }
  } finally {
    for (const signal of signals) process.off(signal, forward)
  }
}
