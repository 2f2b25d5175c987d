import fs from 'node:fs'
import path from 'node:path'
import { lockFolder } from '../../kit/db/folder-lock.ts'
import { isMigrated, migrate } from '../../kit/db/migrate.ts'
import { createSqliteStores, type Stores } from '../../kit/db/store.ts'
import { databases, unfinishedMove } from '../databases.ts'
import { Problem } from '../problem.ts'
import type { Reached, Source, Target } from './places.ts'
import { listSqliteTables } from './tables.ts'

export async function openSqliteSource(folder: string): Promise<Source> {
  for (const { name } of databases) {
    if (!fs.existsSync(path.join(folder, `${name}.db`))) {
      throw new Problem(`There is no whole community in ${folder}: ${name}.db is missing.`)
    }
  }
  await using undo = new AsyncDisposableStack()
  undo.use(lock(folder))
  const opened = openAll(folder, undo)
  for (const { name, migrations } of databases) {
    const { db } = await opened.reach(name)
    if (!(await isMigrated(db, migrations))) {
      throw new Problem(`${name}.db in ${folder} is not up to date: start Stoa there once.`)
    }
  }
  const rest = undo.move()
  return { ...opened, [Symbol.asyncDispose]: () => rest.disposeAsync() }
}

/** Written beside its place, and put there when all of it is right. */
export async function openSqliteTarget(folder: string): Promise<Target> {
  await using undo = new AsyncDisposableStack()
  fs.mkdirSync(folder, { recursive: true })
  undo.use(lock(folder))
  const building = path.join(folder, unfinishedMove)
  const files = databases.map(({ name }) => `${name}.db`)
  if (fs.existsSync(building)) {
    // Left by a move that was interrupted, perhaps while its files were being put in place.
    for (const file of files) fs.rmSync(path.join(folder, file), { force: true })
    fs.rmSync(building, { recursive: true })
  }
  for (const file of files) {
    if (fs.existsSync(path.join(folder, file))) {
      throw new Problem(`${folder} is not empty: there is ${file} already.`)
    }
  }
  fs.mkdirSync(building)
  const stores = undo.use(new AsyncDisposableStack())
  const opened = openAll(building, stores)
  for (const { name, migrations } of databases) {
    const { db } = await opened.reach(name)
    await migrate(db, migrations)
  }
  const rest = undo.move()

  return {
    reach: opened.reach,
    // SQLite gives the number after the greatest one that is there.
    async continuePositions() {},
    async keep() {
      await stores.disposeAsync()
      for (const file of files) fs.renameSync(path.join(building, file), path.join(folder, file))
      flush(folder)
      fs.rmSync(building, { recursive: true })
      flush(folder)
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

function lock(folder: string): Disposable {
  const held = lockFolder(folder)
  if (!held) throw new Problem(`Stoa runs on ${folder}: stop it first.`)
  return held
}

function openAll(folder: string, undo: AsyncDisposableStack): Pick<Source, 'reach'> {
  const stores: Stores = createSqliteStores(folder)
  undo.defer(() => stores.close())
  const reached = new Map<string, Reached>()
  return {
    async reach(name) {
      const known = reached.get(name)
      if (known) return known
      const store = await stores.open(name)
      undo.defer(() => store.close())
      const db = store.db.withoutPlugins()
      const fresh = { db, listTables: () => listSqliteTables(db) }
      reached.set(name, fresh)
      return fresh
    },
  }
}

function flush(folder: string): void {
  const descriptor = fs.openSync(folder, 'r')
  fs.fsyncSync(descriptor)
  fs.closeSync(descriptor)
}
