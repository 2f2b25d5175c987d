import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { readEnvironment } from '../../../kit/config.ts'

const root = path.resolve(import.meta.dirname, '../../..')

const backends = ['kafka', 'postgres', 'redis', 'rabbitmq']

/** Where the tests have a bundle of their own, so that no server that runs is disturbed. */
export const bundleFolder = 'dist/server-of-tests'

/** Bundles the server once for all tests, and starts what servers are missing if it is told how. */
export async function setup(): Promise<void> {
  const run = promisify(execFile)
  const { STOA_BACKENDS_UP } = readEnvironment()
  if (STOA_BACKENDS_UP) await run(STOA_BACKENDS_UP, [...backends], { timeout: 240_000 })
  await run(process.execPath, ['bin/build.ts', bundleFolder], { cwd: root, timeout: 240_000 })
}
