import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { eventually, temporaryFolder } from '../../../kit/testing.ts'
import { freePort } from '../../lib/ports.ts'

const execute = promisify(execFile)
const patienceMs = 120_000

/** PostgreSQL of a script's own: it can be killed without disturbing anybody. */
export type OwnPostgres = AsyncDisposable & {
  environment: { DATABASE_URL: string }
  /** Kills all its processes without a word, and starts it again; settles when it answers. */
  crash(): Promise<void>
}

export async function startPostgres(): Promise<OwnPostgres> {
  await using undo = new AsyncDisposableStack()
  const folder = undo.use(temporaryFolder())
  const programs = (await execute('pg_config', ['--bindir'])).stdout.trim()
  const owner = await findOwner()
  fs.chownSync(folder.path, owner.uid, owner.gid)
  const data = path.join(folder.path, 'data')
  await execute(
    path.join(programs, 'initdb'),
    ['--pgdata', data, '--username', 'postgres', '--auth', 'trust', '--locale', 'C.UTF-8'],
    { ...owner, cwd: folder.path },
  )
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  let running: ChildProcess | undefined

  async function start(): Promise<void> {
    const words = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder.path]
    // What a killed server leaves behind may keep the next one from starting for a moment.
    const answers = async () => {
      if (!running || running.exitCode !== null) {
        running = spawn(path.join(programs, 'postgres'), words, { ...owner, stdio: 'ignore' })
        await once(running, 'spawn')
      }
      return isUp(url)
    }
    await eventually(answers, Boolean, patienceMs)
  }

  async function kill(): Promise<void> {
    const dying = running
    running = undefined
    if (!dying?.pid) return
    const exited = once(dying, 'exit')
    const children = fs.readFileSync(`/proc/${dying.pid}/task/${dying.pid}/children`, 'utf8')
    dying.kill('SIGKILL')
    for (const child of children.trim().split(' ').filter(Boolean)) killQuietly(Number(child))
    await exited
  }

  undo.defer(kill)
  await start()
  const rest = undo.move()
  return {
    environment: { DATABASE_URL: url },
    async crash() {
      await kill()
      await start()
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

/** PostgreSQL does not run as root. */
async function findOwner(): Promise<{ uid: number; gid: number }> {
  const uid = process.getuid?.() ?? 0
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? 0 }
  const idOf = async (what: string) => Number((await execute('id', [what, 'postgres'])).stdout)
  return { uid: await idOf('-u'), gid: await idOf('-g') }
}

async function isUp(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
