import type { Kysely } from 'kysely'
import { prepared } from '../../kit/db/prepared.ts'
import type { GatewayTables } from './tables.ts'

type Db = Kysely<GatewayTables>

/** Answers with the id if the reservation is ours; an expired one is taken over. */
export const reserve = prepared(
  (db: Db, value: { id: string; fingerprint: string; reservedAt: string; expiredBefore: string }) =>
    db
      .insertInto('idempotencyKey')
      .values({
        id: value.id,
        fingerprint: value.fingerprint,
        outcome: null,
        reservedAt: value.reservedAt,
      })
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet((row) => ({
            fingerprint: row.ref('excluded.fingerprint'),
            outcome: null,
            reservedAt: row.ref('excluded.reservedAt'),
          }))
          .where('idempotencyKey.reservedAt', '<', value.expiredBefore),
      )
      .returning('id'),
)

export const find = prepared((db: Db, value: { id: string }) =>
  db
    .selectFrom('idempotencyKey')
    .select(['fingerprint', 'outcome', 'reservedAt'])
    .where('id', '=', value.id),
)

export const keepOutcome = prepared((db: Db, value: { id: string; outcome: string }) =>
  db.updateTable('idempotencyKey').set({ outcome: value.outcome }).where('id', '=', value.id),
)

export const release = prepared((db: Db, value: { id: string }) =>
  db.deleteFrom('idempotencyKey').where('id', '=', value.id),
)

export async function forgetBefore(db: Db, time: string): Promise<void> {
  await db.deleteFrom('idempotencyKey').where('reservedAt', '<', time).execute()
}
