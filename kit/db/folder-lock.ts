import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Makes this process the only one that uses a folder of databases, until it lets go or ends in
 * any way; `undefined` while another one does. The operating system keeps the lock, so that a
 * killed process leaves none behind.
 */
export function lockFolder(folder: string): Disposable | undefined {
  fs.mkdirSync(folder, { recursive: true })
  const lock = new DatabaseSync(path.join(folder, 'lock'), { timeout: 0 })
  try {
    lock.exec('pragma journal_mode = memory')
    lock.exec('begin exclusive')
  } catch (error) {
    lock.close()
    if ((error as { errcode?: number }).errcode === busy) return undefined
    throw error
  }
  return { [Symbol.dispose]: () => lock.close() }
}

/** SQLITE_BUSY */
const busy = 5
