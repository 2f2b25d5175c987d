import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { freePort, type Program, startProgram } from './processes.ts'

export const peersFolder = fileURLToPath(new URL('../peers', import.meta.url))

/** Installs what Stoa is measured against, when it is missing or differs from its lockfile. */
export function installPeers(): void {
  const wanted = readVersions('package-lock.json')
  const installed = readVersions('node_modules/.package-lock.json')
  const missing = wanted.filter((package_) => !installed.includes(package_))
  if (missing.length === 0) return
  console.log('Installing what Stoa is measured against (npm ci in bench/peers)…')
  const { status } = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: peersFolder,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error('npm ci in bench/peers failed')
}

function readVersions(file: string): string[] {
  const path = `${peersFolder}/${file}`
  if (!fs.existsSync(path)) return []
  const { packages } = JSON.parse(fs.readFileSync(path, 'utf8'))
  return Object.entries<{ version?: string; optional?: boolean }>(packages)
    .filter(([folder, { optional }]) => folder !== '' && !optional)
    .map(([folder, { version }]) => `${folder}@${version}`)
}

/** Starts one of the references; each answers on /health when it is ready. */
export async function startPeer(
  name: 'fastify' | 'nest' | 'socket-io',
  environment: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const port = await freePort()
  return startProgram({
    command: process.execPath,
    words: [`${peersFolder}/${name}.js`],
    port,
    environment: { NODE_ENV: 'production', PORT: String(port), ...environment },
    ready: '/health',
  })
}
