// `npm run dev`: the server from its sources, and the web app built again whenever a file of it
// changes. Node starts this anew when a file of the server does.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { makeFresh, webSources } from './fresh.mjs'

const root = path.resolve(import.meta.dirname, '..')
/** Editors write several files, or one in several steps. */
const settleMs = 100
let timer
let building = Promise.resolve()

/** One build after the other, and none of them in the way of the server. */
function build() {
  const options = { cwd: root, stdio: 'inherit' }
  building = building.then(() =>
    once(spawn(process.execPath, ['bin/fresh.mjs', 'web'], options), 'exit'),
  )
}

makeFresh('web')
for (const source of webSources) {
  const watcher = fs.watch(path.join(root, source), { recursive: true }, () => {
    clearTimeout(timer)
    timer = setTimeout(build, settleMs)
  })
  watcher.unref()
}
await import('./start.ts')
