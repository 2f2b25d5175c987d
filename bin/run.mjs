// `npm start`: the server as a bundle, made anew when anything that goes into it has changed.
// Plain JavaScript, because what strips types would stay in memory for as long as the server runs.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const bundle = path.join(root, 'dist/server/start.mjs')
const sources = ['bin', 'contracts', 'gateway', 'kit', 'services', 'package-lock.json']

const built = fs.statSync(bundle, { throwIfNoEntry: false })?.mtimeMs ?? 0
if (sources.some((source) => newestIn(path.join(root, source)) > built)) {
  // In a process of its own, so that the server does not carry what the bundler needed.
  const { status } = spawnSync(process.execPath, ['bin/build.ts'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) throw new Error('The server could not be bundled')
}
await import(bundle)

/** When a file, or the newest in a folder, was changed. */
function newestIn(file) {
  const stats = fs.statSync(file)
  if (!stats.isDirectory()) return stats.mtimeMs
  const inside = fs.readdirSync(file).map((name) => newestIn(path.join(file, name)))
  return Math.max(stats.mtimeMs, ...inside)
}
