import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** Clock ticks of /proc/<pid>/stat; Linux shows 100 a second on every common architecture. */
const ticksPerSecond = 100

/** CPU time a process has used so far, in user and kernel mode, all its threads. */
export function cpuSeconds(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program stands in parentheses and may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

export function residentMegabytes(pid: number): number {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}

/** The process that does the work when a command starts it through others. */
export function lastDescendant(pid: number): number {
  const [child] = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return child ? lastDescendant(Number(child)) : pid
}

/** A program that runs until it is disposed of. */
export type Program = AsyncDisposable & { pid: number; port: number }

type ProgramOptions = {
  command: string
  words: readonly string[]
  folder?: string
  port: number
  environment: Readonly<Record<string, string>>
  /** Path that answers 200 when the program is ready. */
  ready: string
}

export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { command, words, folder, port, environment, ready } = options
  const child = spawn(command, words, {
    cwd: folder,
    env: { ...inheritedEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let tail = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-4_000)
    })
  }
  try {
    await untilReady(child, `http://127.0.0.1:${port}${ready}`)
  } catch (error) {
    await stop(child)
    throw new Error(`${words.join(' ')} did not start:\n${tail}`, { cause: error })
  }
  return { pid: child.pid ?? 0, port, [Symbol.asyncDispose]: () => stop(child) }
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const giveUp = performance.now() + 60_000
  for (;;) {
    const ok = await fetch(url).then(
      async (response) => {
        await response.arrayBuffer()
        return response.ok
      },
      () => false,
    )
    if (ok) return
    if (child.exitCode !== null) throw new Error(`It ended with code ${child.exitCode}`)
    if (performance.now() > giveUp) throw new Error('It was not ready within 60 s')
    await pause(5)
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  const patience = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await closed
  clearTimeout(patience)
}

/** What a program needs of this one's environment, and nothing that could configure it. */
function inheritedEnvironment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'USER', 'LANG', 'TMPDIR']
  // biome-ignore lint/style/noProcessEnv: handed to other programs, not read as settings.
  const own = process.env
  return Object.fromEntries(names.flatMap((name) => (own[name] ? [[name, own[name]]] : [])))
}

export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Runs a load generator in a process of its own, so that its work is not counted as the server's. */
export async function runLoad<Output>(file: URL, input: unknown): Promise<Output> {
  const child = fork(file, { serialization: 'advanced' })
  child.send(input as object)
  const ended = once(child, 'close').then(([code]) => {
    throw new Error(`${file.pathname} ended with code ${code} and without an answer`)
  })
  const [output] = await Promise.race([once(child, 'message'), ended])
  ended.catch(() => undefined)
  return output as Output
}

/** The other side of `runLoad`: takes one input, answers once, ends. */
export function answerParent<Input, Output>(work: (input: Input) => Promise<Output>): void {
  process.once('message', async (input) => {
    const output = await work(input as Input)
    process.send?.(output, () => process.disconnect())
  })
}
