import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Problem } from './problem.ts'

const root = path.resolve(import.meta.dirname, '..')
const startsWithinMs = 60_000
const endsWithinMs = 20_000

/** What the last stage of a Dockerfile says about the process and the files around it. */
type Image = {
  environment: Record<string, string>
  copies: { stage: string | undefined; from: string; to: string }[]
  user: string
  entrypoint: string[]
}

/**
 * Runs the image where there is no container engine: its files as the Dockerfile lays them out,
 * below a root that cannot be written, as its user, with its command and environment. Answers
 * what is missing on this machine, if that is so.
 */
export async function checkImage(dockerfile: string): Promise<string | undefined> {
  const canMount = await promisify(execFile)('unshare', ['--mount', 'true']).then(Boolean, () => {
    return false
  })
  if (!canMount) return 'this user may not mount, which would run the image as it is'
  const image = readImage(fs.readFileSync(dockerfile, 'utf8'))
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stoa-image-'))
  fs.chmodSync(folder, 0o755)
  try {
    layOut(image, path.join(folder, 'app'))
    fs.copyFileSync(process.execPath, path.join(folder, 'node'))
    const [uid = 0, gid = 0] = image.user.split(':').map(Number)
    fs.mkdirSync(path.join(folder, 'data'))
    fs.chownSync(path.join(folder, 'data'), uid, gid)

    await runOnce(image, folder, async (url) => {
      await demand(`${url}/api/v1/health/ready`, 200)
      await demand(`${url}/`, 200)
      await demand(`${url}/api/v1/setup`, 201, {
        siteName: 'Image',
        username: 'admin',
        email: 'admin@example.org',
        password: 'a rather long pass phrase 7',
      })
    })
    // It begins where it ended, on the same data.
    await runOnce(image, folder, async (url) => {
      const answer = await demand(`${url}/api/v1/setup`, 200)
      const { needed } = (await answer.json()) as { needed: boolean }
      if (needed) throw new Problem('The image forgets its data when it is started again.')
    })
    return undefined
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

function readImage(text: string): Image {
  const stage =
    text
      .replaceAll('\\\n', '')
      .split(/^FROM .*$/m)
      .at(-1) ?? ''
  const lines = (word: string) =>
    [...stage.matchAll(new RegExp(`^${word} (.*)$`, 'gm'))].map((match) => match[1] ?? '')
  const pairs = lines('ENV').flatMap((line) => line.split(' '))
  return {
    environment: Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
    copies: lines('COPY').map((line) => {
      const [, named, from = '', to = ''] = /^(?:--from=(\S+) )?(\S+) (\S+)$/.exec(line) ?? []
      return { stage: named, from: from.replace(/^\/app\//, ''), to }
    }),
    user: lines('USER').at(-1) ?? 'root',
    entrypoint: JSON.parse(lines('ENTRYPOINT').at(-1) ?? '[]'),
  }
}

function layOut({ copies }: Image, app: string): void {
  execFileSync(process.execPath, ['bin/fresh.mjs', 'server', 'web'], { cwd: root })
  for (const { stage, from, to } of copies) {
    const target = path.join(app, to)
    if (stage === 'production') copyPackages(app)
    else if (stage === 'build') {
      // What else is built here is not built there.
      for (const part of ['server', 'web']) copy(path.join(from, part), path.join(target, part))
    } else copy(from, to === './' ? path.join(app, from) : target)
  }
}

function copy(from: string, to: string): void {
  fs.cpSync(path.join(root, from), to, { recursive: true })
}

/** What `npm prune --omit=dev` leaves. */
function copyPackages(app: string): void {
  const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
  type Entry = { dev?: boolean; devOptional?: boolean }
  for (const [folder, { dev, devOptional }] of Object.entries<Entry>(lock.packages)) {
    const isThere = fs.existsSync(path.join(root, folder))
    // Packages inside others come with those; the second Node is never installed there.
    const isInner = folder.lastIndexOf('node_modules/') > 0
    if (!folder || dev || devOptional || isInner || !isThere) continue
    if (folder !== 'node_modules/node') copy(folder, path.join(app, folder))
  }
}

/** Everything below the root is as it is in a read-only container; only the data can be written. */
const mountAndRun = `
  set -e
  mount --make-rprivate /
  mount --bind "$1/data" "$1/data"
  mount -o remount,bind,ro /
  mount --bind "$1/app" "$1/app"
  mount -o remount,bind,ro "$1/app"
  cd "$1/app"
  ids="$2"
  node="$1/node"
  shift 3
  exec setpriv --reuid "\${ids%:*}" --regid "\${ids#*:}" --clear-groups --no-new-privs -- "$node" "$@"
`

async function runOnce(
  { environment, user, entrypoint }: Image,
  folder: string,
  look: (url: string) => Promise<void>,
): Promise<void> {
  const words = ['--mount', 'sh', '-c', mountAndRun, 'sh', folder, user, ...entrypoint]
  const child = spawn('unshare', words, {
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...environment,
      DATA_FOLDER: path.join(folder, 'data'),
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  try {
    const url = await untilReady(child, () => /Stoa runs at \S+:(\d+)/.exec(said)?.[1])
    demandUser(child.pid ?? 0, user)
    await look(url)
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(endsWithinMs) })
    child.kill('SIGTERM')
    const [code] = await exited
    if (code !== 0) throw new Problem(`The image ends with ${code} when it is told to stop.`)
  } catch (error) {
    child.kill('SIGKILL')
    throw new Problem(`The image does not run: ${(error as Error).message}\n${said}`)
  }
}

/** Settles with its address when it takes calls. */
async function untilReady(
  child: ChildProcess,
  findPort: () => string | undefined,
): Promise<string> {
  const giveUpAt = Date.now() + startsWithinMs
  for (;;) {
    const url = `http://127.0.0.1:${findPort()}`
    const isReady = () => fetch(`${url}/api/v1/health/ready`).then(({ status }) => status === 200)
    if (findPort() && (await isReady().catch(() => false))) return url
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    if (Date.now() > giveUpAt) throw new Error('it is not ready within a minute')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** The user of the image, and nobody who could become another one. */
function demandUser(pid: number, user: string): void {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8')
  const [, uid] = /^Uid:\t(\d+)/m.exec(status) ?? []
  const [, capabilities = ''] = /^CapEff:\t(\w+)/m.exec(status) ?? []
  if (uid !== user.split(':')[0]) throw new Error(`it runs as user ${uid}`)
  if (!/^0+$/.test(capabilities)) throw new Error(`it has capabilities: ${capabilities}`)
}

async function demand(url: string, status: number, body?: unknown): Promise<Response> {
  const answer = await fetch(url, {
    ...(body !== undefined && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  if (answer.status !== status) {
    throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`)
  }
  return answer
}
