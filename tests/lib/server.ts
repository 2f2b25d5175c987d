import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')

/** The whole product as its own process: what `npm start` runs, and what can be killed. */
export type Server = AsyncDisposable & {
  url: string
  output(): string
  kill(signal: NodeJS.Signals): Promise<void>
}

export type ServerOptions = {
  folder: string
  port?: number
  environment?: Record<string, string>
  /** What it is made of; everything if not said. */
  parts?: readonly string[]
  /** The sources, or a bundle made of them. */
  program?: string
}

/** Limits that do not stand in a test's way, and no mail to wait for. */
export const testEnvironment = {
  HOST: '127.0.0.1',
  REQUIRE_EMAIL_CONFIRMATION: 'false',
  LOG_LEVEL: 'warn',
  RATE_LIMIT_DEFAULT: '1000000',
  RATE_LIMIT_AUTH: '1000000',
  RATE_LIMIT_OTP: '1000000',
  RATE_LIMIT_UPLOAD: '1000000',
  // How busy the machine of the tests is makes no difference to what they are about.
  MAX_EVENT_LOOP_DELAY_MS: '60000',
}

/** Starts a server and waits for its address. */
export async function startServer({
  folder,
  port = 0,
  environment = {},
  parts = [],
  program = 'bin/start.ts',
}: ServerOptions): Promise<Server> {
  const child: ChildProcess = spawn(process.execPath, [program, ...parts], {
    cwd: root,
    env: {
      ...testEnvironment,
      PORT: String(port),
      DATA_FOLDER: folder,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const address = Promise.withResolvers<string>()
  const hear = (chunk: Buffer) => {
    output += chunk
    const found = /Stoa runs at (\S+)/.exec(output)
    if (found?.[1]) address.resolve(found[1])
  }
  child.stdout?.on('data', hear)
  child.stderr?.on('data', hear)
  const exited = once(child, 'exit')
  void exited.then(() => address.reject(new Error(`The server ended before it ran:\n${output}`)))
  const url = await address.promise

  async function kill(signal: NodeJS.Signals): Promise<void> {
    child.kill(signal)
    await exited
  }
  return {
    url,
    output: () => output,
    kill,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await kill('SIGKILL')
    },
  }
}
