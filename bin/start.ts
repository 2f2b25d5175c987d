import { once } from 'node:events'
import { ConfigError, readEnvironment } from '../kit/config.ts'
import { start } from './app.ts'

const unusableFolder = ['EACCES', 'EROFS', 'EPERM', 'ENOTDIR']

/** What a person can mend gets one plain sentence; anything else is a bug and keeps its stack. */
function explain(error: unknown): string | undefined {
  if (error instanceof ConfigError) return error.message
  const { code, port, path } = error as { code?: string; port?: number; path?: string }
  if (code === 'EADDRINUSE') {
    return `Port ${port} is taken: stop what uses it, or choose another with PORT=3001 npm start.`
  }
  if (code === 'EACCES' && port) return `Port ${port} needs rights that this user does not have.`
  if (code && unusableFolder.includes(code)) {
    return `The folder ${path ?? 'for the data'} cannot be written: choose another with DATA_FOLDER.`
  }
  if (code === 'ENOSPC') return 'The disk is full.'
  return undefined
}

try {
  await using app = await start(readEnvironment())
  console.log(`Stoa runs at ${app.url}`)
  if (app.setupUrl) console.log(`Nobody is here yet. Make yourself the admin: ${app.setupUrl}`)
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
} catch (error) {
  const sentence = explain(error)
  console.error(sentence ?? error)
  process.exitCode = 1
}
