import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { chromium } from './browser.ts'

const root = path.resolve(import.meta.dirname, '../../..')

/** Sees to it that there is a browser, and an app as the sources are now. */
export function setup(): void {
  if (!fs.existsSync(chromium)) {
    run('apt-get', ['update', '-qq'])
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'])
  }
  run(process.execPath, ['bin/fresh.mjs', 'web'])
}

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`)
}
