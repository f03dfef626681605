import { sql } from 'kysely'
import { ACTIONS } from '../gen/actions.ts'
import { trustUserId, type UserId } from '../ids.ts'
import type { Database } from './database.ts'
import type { ModuleHistory, ModuleStore, SuggestedAccount, SuggestionAsk } from './module-store.ts'
import { toUserRecord, USER_COLUMNS, type UserRow } from './record-rows.ts'

/** Served modules that a history goes back: a quarter of a year, at one or two a day. */
const HISTORY_ROWS_MAX = 100

const [LIKE] = ACTIONS

interface HistoryRow {
  readonly modules: readonly {
    readonly module: string
    readonly served_at_ms: string
    readonly user_ids: readonly string[]
  }[]
  readonly follows_nobody: boolean
}

async function readHistory(database: Database, viewerId: UserId): Promise<ModuleHistory> {
  const { rows } = await sql<HistoryRow>`
    select
      (select coalesce(json_agg(m), '[]') from (
        select module, served_at_ms::text as served_at_ms, user_ids::text[] as user_ids
        from served_modules where viewer_id = ${viewerId}
        order by served_modules.served_at_ms desc, module limit ${HISTORY_ROWS_MAX}
      ) m) as modules,
      not exists (select 1 from follows where follower_id = ${viewerId})
        as follows_nobody`.execute(database.kysely)
  const [row] = rows
  if (row === undefined) throw new Error('A select without a table gave no row.')
  const oldestFirst = row.modules.toReversed()
  return {
    servedAtMs: new Map(oldestFirst.map((each) => [each.module, Number(each.served_at_ms)])),
    suggestedIds: row.modules.flatMap((each) => each.user_ids.map(trustUserId)),
    followsNobody: row.follows_nobody,
  }
}

interface SuggestionRow extends UserRow {
  readonly labels: readonly string[]
  readonly friends: number
  readonly peers: number
}

/** Every list is cut in the order of an index, so that long ones cost no more than short ones. */
async function readSuggestions(
  database: Database,
  ask: SuggestionAsk,
): Promise<readonly SuggestedAccount[]> {
  const { viewerId, nowMs, excludedIds } = ask
  const sinceMs = nowMs - ask.windowMs
  const { rows } = await sql<SuggestionRow>`
    with followed as (
      select followee_id as id from follows where follower_id = ${viewerId}
      order by created_at_ms desc nulls last, followee_id desc limit ${ask.followsMax}
    ), liked_authors as (
      select post_author_id as id from (
        select post_author_id, action_index, at_ms from engagements
        where viewer_id = ${viewerId} and at_ms >= ${sinceMs}
        order by at_ms desc, post_id desc, action_index desc limit ${ask.viewerActionsMax}
      ) acted
      where action_index = ${LIKE.index} and post_author_id <> ${viewerId}
      group by 1 order by count(*) desc, max(at_ms) desc, 1 desc limit ${ask.likedAuthorsMax}
    ), peers as (
      select distinct f.follower_id as id from liked_authors a cross join lateral (
        select follower_id from follows where followee_id = a.id
        order by follower_id desc limit ${ask.followersPerAuthorMax}
      ) f where f.follower_id <> ${viewerId}
    ), connections as (
      select f.followee_id as id, 1 as friends, 0 as peers from followed v cross join lateral (
        select followee_id from follows where follower_id = v.id
        order by created_at_ms desc nulls last, followee_id desc limit ${ask.followsPerFollowMax}
      ) f
      union all
      select liked.id, 0, 1 from peers p cross join lateral (
        select distinct post_author_id as id from (
          select post_author_id, action_index from engagements
          where viewer_id = p.id and at_ms >= ${sinceMs}
          order by at_ms desc, post_id desc, action_index desc limit ${ask.actionsPerFollowerMax}
        ) acted where action_index = ${LIKE.index} and post_author_id <> p.id
      ) liked
    ), connected as (
      select id, sum(friends)::int as friends, sum(peers)::int as peers from connections
      group by id having count(*) >= ${ask.connectionsMin}
    ), suggested as (
      select c.id, c.friends, c.peers from connected c join users u on u.id = c.id
      where c.id <> ${viewerId} and u.state = 'active' and not u.is_protected and not u.is_adult
        and c.id <> all(${excludedIds}::bigint[])
        and not exists (
          select 1 from follows where follower_id = ${viewerId} and followee_id = c.id
        )
        and not exists (select 1 from blocks where user_id = ${viewerId} and target_id = c.id)
        and not exists (select 1 from blocks where user_id = c.id and target_id = ${viewerId})
        and not exists (select 1 from mutes where user_id = ${viewerId} and target_id = c.id)
      order by c.friends + c.peers desc, c.id desc limit ${ask.accountsMax}
    )
    select ${USER_COLUMNS}, s.friends, s.peers,
      array(select l.label from visibility_labels l
        where l.subject_kind = 'user' and l.subject_id = s.id
          and (l.expires_at_ms is null or l.expires_at_ms > ${nowMs})
        order by l.label) as labels
    from suggested s join users u on u.id = s.id
    order by s.friends + s.peers desc, s.id desc`.execute(database.kysely)
  return rows.map(({ labels, friends, peers, ...row }) => ({
    account: toUserRecord(row),
    labels,
    friendCount: friends,
    peerCount: peers,
  }))
}

/** What the database knows for modules, each read one statement. */
export function createModuleStore(database: Database): ModuleStore {
  return {
    moduleHistory: (viewerId) => readHistory(database, viewerId),
    suggestedAccounts: (ask) => readSuggestions(database, ask),
  }
}
