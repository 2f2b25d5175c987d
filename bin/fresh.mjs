// What `npm start` runs is built from the sources, once, and again when one of them has changed.
// Plain JavaScript, because what strips types would stay in memory for as long as the server runs.
// By itself, `node bin/fresh.mjs web` builds what is named.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')

const parts = {
  server: {
    built: 'dist/server/start.mjs',
    sources: ['bin', 'contracts', 'gateway', 'kit', 'services', 'package-lock.json'],
    script: 'bin/build.ts',
  },
  web: {
    built: 'dist/web/index.html',
    sources: [
      'web',
      'client',
      'contracts',
      'kit/contract.ts',
      'kit/failure.ts',
      'vite.config.ts',
      'bin/build-web.ts',
      'package-lock.json',
    ],
    script: 'bin/build-web.ts',
  },
}

/** Folders and files that go into the web app. */
export const webSources = parts.web.sources

/** Builds a part unless it is newer than all that goes into it; answers whether that is so now. */
export function makeFresh(name) {
  const { built, sources, script } = parts[name]
  const time = fs.statSync(path.join(root, built), { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (sources.every((source) => newestIn(path.join(root, source)) <= time)) return true
  // In a process of its own, so that the server does not carry what the bundler needed.
  return spawnSync(process.execPath, [script], { cwd: root, stdio: 'inherit' }).status === 0
}

/** When a file, or the newest in a folder, was changed; what is not there never was. */
function newestIn(file) {
  const stats = fs.statSync(file, { throwIfNoEntry: false })
  if (!stats) return 0
  if (!stats.isDirectory()) return stats.mtimeMs
  const inside = fs.readdirSync(file).map((name) => newestIn(path.join(file, name)))
  return Math.max(stats.mtimeMs, ...inside)
}

if (process.argv[1] === import.meta.filename) {
  for (const name of process.argv.slice(2)) if (!makeFresh(name)) process.exitCode = 1
}
