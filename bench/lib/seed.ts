import { DatabaseSync } from 'node:sqlite'

/**
 * Fills a stopped server's own database by multiplying a row that it wrote itself: its tables and
 * indexes are those of the product, and every row is one that the product could have written.
 */
type Copies = {
  table: string
  /** Picks the row to multiply. */
  where: string
  count: number
  /** Columns that differ from copy to copy, as SQL of `i`: 1, 2, 3 … */
  columns: Readonly<Record<string, string>>
  /** Column that SQLite fills by itself. */
  generated?: string
}

function multiply(database: DatabaseSync, copies: Copies): void {
  const { table, where, count, columns, generated } = copies
  const names = database
    .prepare(`select name from pragma_table_info(?)`)
    .all(table)
    .map(({ name }) => String(name))
    .filter((name) => name !== generated)
  const values = names.map((name) => columns[name] ?? `model."${name}"`)
  database.exec(`
    with recursive
      number(i) as (select 1 union all select i + 1 from number where i < ${count}),
      model as (select * from "${table}" where ${where} limit 1)
    insert into "${table}" (${names.map((name) => `"${name}"`).join(', ')})
    select ${values.join(', ')} from number, model`)
}

const randomId = 'lower(hex(randomblob(16)))'

function open(folder: string, service: string): DatabaseSync {
  const database = new DatabaseSync(`${folder}/${service}.db`)
  // A crash may cost the copy; it is made anew.
  database.exec('pragma synchronous = off; pragma cache_size = -200000')
  return database
}

/** Makes the first conversation, which has one message, hold as many as asked for. */
export function seedMessages(folder: string, size: number): void {
  using database = open(folder, 'chat')
  database.exec('begin')
  multiply(database, {
    table: 'message',
    where: 'seq = 1',
    count: size - 1,
    columns: {
      id: randomId,
      uuid: randomId,
      seq: 'i + 1',
      version: 'model.version + i',
      first_version: 'model.first_version + i',
    },
    generated: 'position',
  })
  database.exec(`
    update conversation set last_seq = ${size}, version = version + ${size - 1};
    update participant set sent = sent + ${size - 1}
      where user_id in (select sender_id from message where seq = 1);
    update search_cursor set position = (select max(position) from message);
    commit;
    pragma wal_checkpoint(truncate)`)
}

/** Adds people until there are as many as asked for. */
export function seedPeople(folder: string, size: number): void {
  using database = open(folder, 'users')
  const { known } = database.prepare('select count(*) as known from profile').get() ?? {}
  const name = `printf('seeded%08d', i)`
  database.exec('begin')
  multiply(database, {
    table: 'profile',
    where: `username = 'person0'`,
    count: size - Number(known),
    columns: {
      id: randomId,
      username: name,
      username_key: name,
      display_name: name,
      display_name_key: name,
      email: `${name} || '@bench.example'`,
    },
  })
  database.exec('commit; pragma wal_checkpoint(truncate)')
}

/** The last person before a place in the list by username, as `viewerId` sees it. */
export function findPersonBefore(folder: string, place: number, viewerId: string) {
  using database = open(folder, 'users')
  const row = database
    .prepare(
      `select username_key as name, id from profile where blocked = 0 and id <> ?
       order by username_key, id limit 1 offset ?`,
    )
    .get(viewerId, place - 1)
  return { name: String(row?.name), id: String(row?.id) }
}
