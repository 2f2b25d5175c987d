import { parseArgs } from 'node:util'
import type { Environment } from '../../kit/config.ts'
import { type Database, databases } from '../databases.ts'
import { Problem } from '../problem.ts'
import { copyTable, isEmpty, type Sum, sumTable } from './copy.ts'
import {
  describePlace,
  type Place,
  type Reached,
  readPlace,
  type Source,
  type Target,
} from './places.ts'
import { bringSecrets } from './secrets.ts'
import { openSqliteSource, openSqliteTarget } from './sqlite-place.ts'
import type { Table } from './tables.ts'

export const moveUsage = `move --from PLACE --to PLACE
  Copies a community with everything in it, and checks the copy; the original stays as it is.
  Stoa must not run on either. PLACE is sqlite:<folder> or postgres://user:password@host/database.`

const progressEveryMs = 2_000

/**
 * Copies every database from one place to another. Until all of it is there and proved equal, the
 * target counts as empty: an interrupted move is simply made again.
 */
export async function move(
  words: readonly string[],
  environment: Environment,
  say: (line: string) => void,
): Promise<void> {
  const { values } = parseMove(words)
  const from = readPlace('from', values.from)
  const to = readPlace('to', values.to)
  if (describePlace(from) === describePlace(to)) throw new Problem('--from and --to are the same.')
  const bring = bringSecrets(from, to, environment)

  await using source = await openSource(from)
  await using target = await openTarget(to)
  say(`From ${describePlace(from)} to ${describePlace(to)}:`)
  for (const database of databases) await refuseFull(database, source, target)
  for (const database of databases) await moveDatabase(database, source, target, say)
  bring.keep()
  await target.keep()
  say(['Everything is there, and equal.', ...bring.advice].join('\n'))
}

function parseMove(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: { from: { type: 'string' }, to: { type: 'string' } },
    })
  } catch (error) {
    throw new Problem(`${(error as Error).message}\n${moveUsage}`)
  }
}

async function openSource(place: Place): Promise<Source> {
  if (place.kind === 'sqlite') return openSqliteSource(place.folder)
  const { openPostgresSource } = await import('./postgres-place.ts')
  return openPostgresSource(place.url)
}

async function openTarget(place: Place): Promise<Target> {
  if (place.kind === 'sqlite') return openSqliteTarget(place.folder)
  const { openPostgresTarget } = await import('./postgres-place.ts')
  return openPostgresTarget(place.url)
}

/** The tables to copy: on both sides the same, but for those that are filled from the others. */
async function listMoved({ name, derived }: Database, one: Reached, other: Reached) {
  const isMoved = (table: Table) => !derived.includes(table.name)
  const tables = (await one.listTables()).filter(isMoved)
  const others = new Map((await other.listTables()).filter(isMoved).map((t) => [t.name, t]))
  const agree =
    tables.length === others.size &&
    tables.every(({ name, columns }) => others.get(name)?.columns.join() === columns.join())
  if (!agree) throw new Error(`The tables of ${name} are not the same on both sides`)
  return tables
}

async function refuseFull(database: Database, source: Source, target: Target): Promise<void> {
  const { name } = database
  const there = await target.reach(name)
  for (const table of await listMoved(database, await source.reach(name), there)) {
    if (await isEmpty(there.db, table)) continue
    throw new Problem(`The target is not empty: ${name} has rows in ${table.name}.`)
  }
}

async function moveDatabase(
  database: Database,
  source: Source,
  target: Target,
  say: (line: string) => void,
): Promise<void> {
  const { name } = database
  const here = await source.reach(name)
  const there = await target.reach(name)
  const tables = await listMoved(database, here, there)
  for (const table of tables) {
    const label = `${name}.${table.name}`
    const read = await copyTable(here.db, there.db, table, createProgress(label, say))
    const written = await sumTable(there.db, table)
    if (!isSame(read, written)) {
      throw new Error(`${label} is not the same on both sides: ${tell(read)}, ${tell(written)}`)
    }
    if (read.rows > 0) say(`  ${label}: ${tell(read)}`)
  }
  await forgetStaleOffsets(there, tables)
  await target.continuePositions(name, tables)
}

/**
 * How far the readers of an outbox have come means something only beside the rows that are in it:
 * a bus that keeps the log itself leaves it empty, and positions then begin anew.
 */
async function forgetStaleOffsets({ db }: Reached, tables: readonly Table[]): Promise<void> {
  const outbox = tables.find(({ name }) => name === 'outbox')
  if (outbox && (await isEmpty(db, outbox))) await db.deleteFrom('outbox_offset').execute()
}

function createProgress(label: string, say: (line: string) => void) {
  let saidAt = performance.now()
  return (rows: number) => {
    if (performance.now() - saidAt < progressEveryMs) return
    saidAt = performance.now()
    say(`  ${label}: ${rows.toLocaleString('en')} rows so far`)
  }
}

function isSame(one: Sum, other: Sum): boolean {
  return one.rows === other.rows && one.checksum === other.checksum
}

function tell({ rows, checksum }: Sum): string {
  return `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}, ${checksum.slice(0, 16)}`
}
