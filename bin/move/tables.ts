import { type Kysely, sql } from 'kysely'

/** A database as its tables lie there: names as in SQL, and no schema or schema already chosen. */
// biome-ignore lint/suspicious/noExplicitAny: tables of every service, known while it runs.
export type AnyDb = Kysely<any>

export type Table = {
  name: string
  /** In the order of their names, so that both sides agree. */
  columns: readonly string[]
  /** Of the primary key: the order in which rows are read. */
  key: readonly string[]
}

/** What migrations keep for themselves. */
const notData = ['migration', 'migration_lock']

/** Lists the tables of an SQLite file, parents before their children. */
export async function listSqliteTables(db: AnyDb): Promise<Table[]> {
  // Virtual tables and what lies behind them are made anew by whoever uses them.
  const { rows } = await sql<{ name: string }>`
    select list.name from pragma_table_list list
    join sqlite_schema made on made.name = list.name and made.type = 'table'
    where list.schema = 'main' and list.type = 'table' and list.name not like 'sqlite%'
    order by made.rowid
  `.execute(db)
  const tables: Table[] = []
  for (const { name } of rows.filter(({ name }) => !notData.includes(name))) {
    const { rows: columns } = await sql<{ name: string; pk: number }>`
      select name, pk from pragma_table_info(${name})
    `.execute(db)
    const keys = columns.filter(({ pk }) => pk > 0).sort((one, other) => one.pk - other.pk)
    tables.push(toTable(name, columns, keys))
  }
  return tables
}

/** Lists the tables of a PostgreSQL schema, parents before their children. */
export async function listPostgresTables(db: AnyDb, schema: string): Promise<Table[]> {
  const { rows } = await sql<{ oid: number; name: string }>`
    select c.oid, c.relname as name from pg_class c
    where c.relnamespace = (select oid from pg_namespace where nspname = ${schema})
      and c.relkind = 'r'
    order by c.oid
  `.execute(db)
  const tables: Table[] = []
  for (const { oid, name } of rows.filter(({ name }) => !notData.includes(name))) {
    const { rows: columns } = await sql<{ name: string; place: number | null }>`
      select a.attname as name, array_position(k.conkey, a.attnum) as place
      from pg_attribute a
      left join pg_constraint k on k.conrelid = a.attrelid and k.contype = 'p'
      where a.attrelid = ${oid} and a.attnum > 0 and not a.attisdropped
    `.execute(db)
    const keys = columns
      .filter(({ place }) => place !== null)
      .sort((one, other) => (one.place ?? 0) - (other.place ?? 0))
    tables.push(toTable(name, columns, keys))
  }
  return tables
}

function toTable(
  name: string,
  columns: readonly { name: string }[],
  keys: readonly { name: string }[],
): Table {
  if (keys.length === 0) throw new Error(`The table ${name} has no primary key`)
  return {
    name,
    columns: columns.map((column) => column.name).sort(),
    key: keys.map((column) => column.name),
  }
}
