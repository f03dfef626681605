import { sql, type Transaction } from 'kysely'
import { lastOfEach, unnest } from '../import/unnest.ts'
import type { Tables } from '../tables.ts'
import type { ChangeBody, RelationKind } from './change.ts'

type RelationChange = Extract<ChangeBody, { readonly kind: 'relation' }>

const TABLES: Readonly<Record<Exclude<RelationKind, 'follow'>, string>> = {
  block: 'blocks',
  mute: 'mutes',
  mute_reposts: 'muted_reposts',
  subscribe: 'subscriptions',
}

const PAIR = [
  { name: 'user_id', type: 'bigint', value: ({ viewerId }: RelationChange) => viewerId },
  { name: 'target_id', type: 'bigint', value: ({ targetId }: RelationChange) => targetId },
] as const

interface TableChanges {
  readonly table: string
  readonly added: readonly RelationChange[]
  readonly removed: readonly RelationChange[]
}

async function writeTargets(
  transaction: Transaction<Tables>,
  { table, added, removed }: TableChanges,
): Promise<void> {
  const name = sql.table(table)
  if (added.length > 0) {
    await sql`
      insert into ${name} (user_id, target_id)
      select user_id, target_id from ${unnest(PAIR, added)}
      on conflict do nothing`.execute(transaction)
  }
  if (removed.length > 0) {
    await sql`
      delete from ${name} as kept using ${unnest(PAIR, removed)}
      where kept.user_id = given.user_id and kept.target_id = given.target_id`.execute(transaction)
  }
}

/** Follower counts that the import was not given follow the rows. */
async function writeFollows(
  transaction: Transaction<Tables>,
  { added, removed }: Omit<TableChanges, 'table'>,
): Promise<void> {
  if (added.length > 0) {
    const columns = [
      ...PAIR,
      { name: 'at_ms', type: 'bigint', value: ({ atMs }: RelationChange) => atMs },
    ] as const
    await sql`
      with written as (
        insert into follows (follower_id, followee_id, created_at_ms)
        select user_id, target_id, at_ms from ${unnest(columns, added)}
        on conflict do nothing returning followee_id
      ), counted as (select followee_id, count(*) as followers from written group by followee_id)
      update users set followers_count = followers_count + counted.followers from counted
      where users.id = counted.followee_id and followers_count_given is null`.execute(transaction)
  }
  if (removed.length > 0) {
    await sql`
      with written as (
        delete from follows using ${unnest(PAIR, removed)}
        where follower_id = given.user_id and followee_id = given.target_id
        returning followee_id
      ), counted as (select followee_id, count(*) as followers from written group by followee_id)
      update users set followers_count = followers_count - counted.followers from counted
      where users.id = counted.followee_id and followers_count_given is null`.execute(transaction)
  }
}

/** The last change of each relation decides. */
export async function applyRelations(
  transaction: Transaction<Tables>,
  changes: readonly RelationChange[],
): Promise<void> {
  const last = lastOfEach(changes, ({ relation, viewerId, targetId }) => {
    return `${relation} ${viewerId} ${targetId}`
  })
  const split = (kind: RelationKind) => {
    const ofKind = last.filter(({ relation }) => relation === kind)
    return {
      added: ofKind.filter(({ isActive }) => isActive),
      removed: ofKind.filter(({ isActive }) => !isActive),
    }
  }
  await writeFollows(transaction, split('follow'))
  for (const kind of ['block', 'mute', 'mute_reposts', 'subscribe'] as const) {
    await writeTargets(transaction, { table: TABLES[kind], ...split(kind) })
  }
}
