import { ConfigError } from '../kit/config.ts'
import { Problem } from './problem.ts'

const unusableFolder = ['EACCES', 'EROFS', 'EPERM', 'ENOTDIR']

/** What a person can mend gets one plain sentence; anything else is a bug and keeps its stack. */
function explain(error: unknown): string | undefined {
  if (error instanceof ConfigError || error instanceof Problem) return error.message
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

/** Does what a command is for; what goes wrong is told, and shows in the exit code. */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  try {
    await command()
  } catch (error) {
    console.error(explain(error) ?? error)
    process.exitCode = 1
  }
}
