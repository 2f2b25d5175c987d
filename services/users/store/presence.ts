import { prepared } from '../../../kit/db/prepared.ts'
import type { ConnectionRow, PresenceRow, UsersDb } from '../tables.ts'
import { preparedForIds } from './ids.ts'

export const saveConnection = prepared((tx: UsersDb, value: ConnectionRow) =>
  tx
    .insertInto('connection')
    .values({
      gatewayId: value.gatewayId,
      id: value.id,
      userId: value.userId,
      seenAt: value.seenAt,
    })
    .onConflict((conflict) =>
      conflict.columns(['gatewayId', 'id']).doUpdateSet({ seenAt: value.seenAt }),
    ),
)

/** Forgets a connection that was not renewed after a time; answers with it if there was one. */
export const deleteConnection = prepared(
  (tx: UsersDb, value: Omit<ConnectionRow, 'seenAt'> & { until: string }) =>
    tx
      .deleteFrom('connection')
      .where('gatewayId', '=', value.gatewayId)
      .where('id', '=', value.id)
      .where('userId', '=', value.userId)
      .where('seenAt', '<=', value.until)
      .returning('id'),
)

/** Writes down that connections are still open; answers with those that are known. */
export const renewConnections = preparedForIds(
  (db: UsersDb, value: { gatewayId: string; seenAt: string }, ids) =>
    db
      .updateTable('connection')
      .set({ seenAt: value.seenAt })
      .where('gatewayId', '=', value.gatewayId)
      .where('id', 'in', ids)
      .returning('id'),
)

/** Connections that were last renewed before a time. */
export const listSilent = prepared((db: UsersDb, value: { before: string; limit: number }) =>
  db.selectFrom('connection').selectAll().where('seenAt', '<', value.before).limit(value.limit),
)

/** Asked every few seconds and mostly in vain: so written that the key serves it. */
export const listConnectionsOfOthers = prepared(
  (db: UsersDb, value: { gatewayId: string; limit: number }) =>
    db
      .selectFrom('connection')
      .selectAll()
      .where(({ eb, or }) =>
        or([eb('gatewayId', '<', value.gatewayId), eb('gatewayId', '>', value.gatewayId)]),
      )
      .limit(value.limit),
)

const selectConnection = prepared((db: UsersDb, value: { userId: string }) =>
  db.selectFrom('connection').select('id').where('userId', '=', value.userId).limit(1),
)

export async function isConnected(tx: UsersDb, userId: string): Promise<boolean> {
  const rows = await selectConnection(tx, { userId })
  return rows.length > 0
}

const touchPresence = prepared((tx: UsersDb, value: { userId: string }) =>
  tx
    .insertInto('presence')
    .values({ userId: value.userId, online: 0, status: 'online', lastSeenAt: null, leftAt: null })
    // Changes nothing, but makes others wait and answers with the row as it is.
    .onConflict((conflict) => conflict.column('userId').doUpdateSet({ userId: value.userId }))
    .returningAll(),
)

/** Reads somebody's presence, which is about to be changed, and begins it if need be. */
export async function lockPresence(tx: UsersDb, userId: string): Promise<PresenceRow> {
  const [row] = await touchPresence(tx, { userId })
  if (!row) throw new Error('An insert that cannot fail returned nothing')
  return row
}

export const updatePresence = prepared((tx: UsersDb, value: PresenceRow) =>
  tx
    .updateTable('presence')
    .set({
      online: value.online,
      status: value.status,
      lastSeenAt: value.lastSeenAt,
      leftAt: value.leftAt,
    })
    .where('userId', '=', value.userId),
)

/** Those who lost a connection up to a time and have not been looked at since. */
export const listLeft = prepared((db: UsersDb, value: { until: string; limit: number }) =>
  db
    .selectFrom('presence')
    .select('userId')
    .where('leftAt', '<=', value.until)
    .orderBy('leftAt')
    .limit(value.limit),
)

const selectPresence = preparedForIds((db: UsersDb, _: object, userIds) =>
  db
    .selectFrom('profile')
    .leftJoin('presence', 'presence.userId', 'profile.id')
    .select(['profile.id as userId', 'settings', 'blocked'])
    .select(({ fn, val }) => [
      fn.coalesce('online', val<0 | 1>(0)).as('online'),
      fn.coalesce('status', val('online' as const)).as('status'),
    ])
    .select('lastSeenAt')
    .where('profile.id', 'in', userIds),
)

/** How people are there; those without a profile are absent. */
export async function listPresence(db: UsersDb, userIds: readonly string[]) {
  return selectPresence(db, {}, userIds)
}

const selectStatus = prepared((db: UsersDb, value: { userId: string }) =>
  db.selectFrom('presence').select('status').where('userId', '=', value.userId),
)

/** What a person has chosen to show, if anything. */
export async function findStatus(db: UsersDb, userId: string) {
  const [row] = await selectStatus(db, { userId })
  return row?.status
}
