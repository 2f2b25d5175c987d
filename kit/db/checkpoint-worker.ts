import { DatabaseSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'
import { lowerPriority } from '../thread.ts'
import type { CheckpointReport } from './checkpoint.ts'

lowerPriority()

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
