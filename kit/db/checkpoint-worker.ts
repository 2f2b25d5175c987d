import os from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'
import type { CheckpointReport } from './checkpoint.ts'

// On Linux this concerns this thread alone: copying takes what the answers leave.
try {
  os.setPriority(10)
} catch {
  // Not everybody may; the work is the same.
}

const databases = new Map<string, DatabaseSync>()

parentPort?.on('message', (file: string) => {
  const report: CheckpointReport = { file, frames: 0 }
  try {
    let database = databases.get(file)
    if (!database) {
      database = new DatabaseSync(file)
      database.exec('pragma synchronous = normal')
      databases.set(file, database)
    }
    const { log } = database.prepare('pragma wal_checkpoint(passive)').get() as { log: number }
    report.frames = log
  } finally {
    parentPort?.postMessage(report)
  }
})
