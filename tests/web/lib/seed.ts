import { DatabaseSync } from 'node:sqlite'

export type Seeding = {
  conversationId: string
  /** Who has said nothing yet, and has read up to a place. */
  readerId: string
  readSeq: number
  /** How many messages there are to be. */
  size: number
}

/**
 * Makes a stopped server's conversation of one message a long one, by multiplying that message:
 * tables and indexes are those of the product, texts are of several lengths.
 */
export function seedHistory(folder: string, { conversationId, readerId, readSeq, size }: Seeding) {
  using database = new DatabaseSync(`${folder}/chat.db`)
  const columns: Record<string, string> = {
    uuid: 'lower(hex(randomblob(16)))',
    seq: 'i + 1',
    version: 'model.version + i',
    first_version: 'model.first_version + i',
    content: `'Message ' || (i + 1) || '.' || substr(
      ' The quick brown fox jumps over the lazy dog, and **then** some more of it follows.', 1,
      (i * 37) % 84)`,
    created_at: `strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', '+' || (i * 4) || ' minutes')`,
  }
  const names = database
    .prepare(`select name from pragma_table_info('message')`)
    .all()
    .map(({ name }) => String(name))
    .filter((name) => name !== 'position')
  database.exec('begin')
  database
    .prepare(
      `with recursive
        number(i) as (select 1 union all select i + 1 from number where i < ?),
        model as (select * from message where conversation_id = ? limit 1)
      insert into message (${names.join(', ')})
      select ${names.map((name) => columns[name] ?? `model.${name}`).join(', ')}
      from number, model`,
    )
    .run(size - 1, conversationId)
  database
    .prepare(
      `update conversation set last_seq = ?, version = version + ?, active_at = ?
       where id = ?`,
    )
    .run(size, size, new Date().toISOString(), conversationId)
  database
    .prepare('update participant set sent = ? where conversation_id = ? and user_id <> ?')
    .run(size, conversationId, readerId)
  database
    .prepare('update participant set read_seq = ? where conversation_id = ? and user_id = ?')
    .run(readSeq, conversationId, readerId)
  database.exec(`
    update search_cursor set position = (select max(position) from message);
    commit;
    pragma wal_checkpoint(truncate)`)
}
