import path from 'node:path'
import { Problem } from '../problem.ts'
import type { AnyDb, Table } from './tables.ts'

/** Where a community lies: a folder of SQLite files, or a PostgreSQL database. */
export type Place = { kind: 'sqlite'; folder: string } | { kind: 'postgres'; url: string }

/** One of the community's databases, as its rows lie there. */
export type Reached = {
  db: AnyDb
  listTables(): Promise<Table[]>
}

/** A place that nobody else uses now, and that does not change while it is read. */
export type Source = AsyncDisposable & {
  reach(name: string): Promise<Reached>
}

/** A place that holds nothing yet; what is written there counts only once it is kept. */
export type Target = Source & {
  /** Makes positions that are given from now on follow those that are there. */
  continuePositions(name: string, tables: readonly Table[]): Promise<void>
  keep(): Promise<void>
}

/** Reads `sqlite:<folder>` or `postgres://…`. */
export function readPlace(option: string, text: string | undefined): Place {
  const [, folder] = /^sqlite:(.+)$/.exec(text ?? '') ?? []
  if (folder) return { kind: 'sqlite', folder: path.resolve(folder) }
  if (/^postgres(ql)?:\/\//.test(text ?? '') && URL.canParse(text ?? '')) {
    return { kind: 'postgres', url: text ?? '' }
  }
  throw new Problem(
    `--${option} must be sqlite:<folder> or postgres://user:password@host:5432/database.`,
  )
}

/** The place without its password. */
export function describePlace(place: Place): string {
  if (place.kind === 'sqlite') return `sqlite:${place.folder}`
  const url = new URL(place.url)
  url.password = ''
  return url.href
}
