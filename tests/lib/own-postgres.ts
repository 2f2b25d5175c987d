import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { eventually, temporaryFolder } from '../../kit/testing.ts'
import type { Certificate } from './certificate.ts'
import { freePort } from './ports.ts'

const execute = promisify(execFile)
const patienceMs = 120_000
/** SQLSTATE of a connection that no line of pg_hba.conf allows. */
const notAuthorized = '28000'

/** PostgreSQL of a test's own: it can be killed without disturbing anybody. */
export type OwnPostgres = AsyncDisposable & {
  environment: { DATABASE_URL: string }
  /** Kills all its processes without a word. */
  kill(): Promise<void>
  /** Starts it again; settles when it answers. */
  start(): Promise<void>
}

/** With a certificate it takes nobody who does not come by TLS. */
export async function startPostgres(certificate?: Certificate): Promise<OwnPostgres> {
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
  const address = `postgres://postgres@127.0.0.1:${port}/postgres`
  const url = certificate ? `${address}?sslmode=verify-full` : address
  const secured = certificate ? secure(data, certificate, owner) : []
  let running: ChildProcess | undefined

  async function start(): Promise<void> {
    const words = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder.path, ...secured]
    // What a killed server leaves behind may keep the next one from starting for a moment.
    const answers = async () => {
      if (!running || running.exitCode !== null) {
        running = spawn(path.join(programs, 'postgres'), words, { ...owner, stdio: 'ignore' })
        await once(running, 'spawn')
      }
      return isUp(port)
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
    kill,
    start,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

type Owner = { uid: number; gid: number }

/** PostgreSQL does not run as root. */
async function findOwner(): Promise<Owner> {
  const uid = process.getuid?.() ?? 0
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? 0 }
  const idOf = async (what: string) => Number((await execute('id', [what, 'postgres'])).stdout)
  return { uid: await idOf('-u'), gid: await idOf('-g') }
}

/** Settings of a server that has this certificate and lets nobody in by another way. */
function secure(data: string, { keyFile, certificateFile }: Certificate, owner: Owner): string[] {
  // It takes no key that anybody else could read.
  const ownKeyFile = path.join(data, 'server.key')
  const ownCertificateFile = path.join(data, 'server.crt')
  fs.copyFileSync(keyFile, ownKeyFile)
  fs.copyFileSync(certificateFile, ownCertificateFile)
  for (const file of [ownKeyFile, ownCertificateFile]) fs.chownSync(file, owner.uid, owner.gid)
  fs.chmodSync(ownKeyFile, 0o600)
  fs.writeFileSync(path.join(data, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 trust\n')
  return ['-c', 'ssl=on']
}

/** Whether it takes connections, or says in its own words that it does not take this one. */
async function isUp(port: number): Promise<boolean> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    connectionTimeoutMillis: 2_000,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch (error) {
    return error instanceof pg.DatabaseError && error.code === notAuthorized
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
