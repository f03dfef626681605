import { sql } from 'kysely'
import { trustTopicId, trustUserId, type UserId } from '../ids.ts'
import type { ActionSequence } from '../phoenix/action-sequence.ts'
import { aggregateActions, type ActionRow } from './aggregate-actions.ts'
import type { Database } from './database.ts'
import {
  toMutedKeywordRecord,
  toUserRecord,
  USER_COLUMNS,
  type MutedKeywordRow,
  type UserRow,
} from './record-rows.ts'
import type { ViewerRelations } from './records.ts'
import { readSeen } from './seen/read-seen.ts'
import { readServedHistory, readServedPostIds, writeServed } from './served.ts'
import type { ViewerStore } from './viewer-store.ts'

/** Stored actions read for each one wanted: a burst holds two or three, seldom more than eight. */
const ROWS_PER_BURST = 8

async function readActionSequence(
  database: Database,
  viewerId: UserId,
  actionsMax: number,
): Promise<ActionSequence> {
  const { rows } = await sql<ActionRow>`
    select e.post_id, coalesce(e.post_author_id, p.author_id) as author_id, e.action_index,
      e.dwell_ms, e.surface, e.at_ms, p.created_at_ms as post_created_at_ms
    from (
      select * from engagements where viewer_id = ${viewerId}
      order by at_ms desc, post_id desc, action_index desc
      limit ${actionsMax * ROWS_PER_BURST}
    ) e
    left join posts p on p.id = e.post_id
    order by e.at_ms, e.post_id, e.action_index`.execute(database.kysely)
  return aggregateActions(rows, actionsMax)
}

interface RelationsRow {
  readonly blocked: readonly string[]
  readonly blocked_by: readonly string[]
  readonly muted: readonly string[]
  readonly muted_reposts: readonly string[]
  readonly subscribed: readonly string[]
  readonly followed_topics: readonly number[]
  readonly keywords: readonly MutedKeywordRow[]
  readonly account: UserRow | null
}

function toUserIds(ids: readonly string[]): ReadonlySet<UserId> {
  return new Set(ids.map(trustUserId))
}

async function readRelations(
  database: Database,
  viewerId: UserId,
  nowMs: number,
): Promise<ViewerRelations> {
  const { rows } = await sql<RelationsRow>`
    select
      array(select target_id::text from blocks where user_id = ${viewerId}) as blocked,
      array(select user_id::text from blocks where target_id = ${viewerId}) as blocked_by,
      array(select target_id::text from mutes where user_id = ${viewerId}) as muted,
      array(select target_id::text from muted_reposts where user_id = ${viewerId})
        as muted_reposts,
      array(select target_id::text from subscriptions where user_id = ${viewerId}) as subscribed,
      array(select topic_id from followed_topics where user_id = ${viewerId} order by topic_id)
        as followed_topics,
      (select coalesce(json_agg(k), '[]') from (
        select id::text, phrase, match, surfaces, expires_at_ms::text from muted_keywords
        where user_id = ${viewerId} and (expires_at_ms is null or expires_at_ms > ${nowMs})
        order by id
      ) k) as keywords,
      (select row_to_json(a) from (
        select ${USER_COLUMNS} from users u where u.id = ${viewerId}
      ) a) as account`.execute(database.kysely)
  const [row] = rows
  if (row === undefined) throw new Error('A select without a table gave no row.')
  return {
    blockedIds: toUserIds(row.blocked),
    blockedByIds: toUserIds(row.blocked_by),
    mutedIds: toUserIds(row.muted),
    mutedRepostIds: toUserIds(row.muted_reposts),
    mutedKeywords: row.keywords.map(toMutedKeywordRecord),
    subscribedIds: toUserIds(row.subscribed),
    followedTopicIds: row.followed_topics.map(trustTopicId),
    account: row.account === null ? null : toUserRecord(row.account),
  }
}

/** What the database knows about one viewer, each read one statement. */
export function createViewerStore(database: Database): ViewerStore {
  return {
    actionSequence: (viewerId, actionsMax) => readActionSequence(database, viewerId, actionsMax),
    async followedIds(viewerId) {
      const { rows } = await sql<{ followee_id: string }>`
        select followee_id from follows where follower_id = ${viewerId}
        order by created_at_ms desc nulls last, followee_id desc`.execute(database.kysely)
      return rows.map((row) => trustUserId(row.followee_id))
    },
    async followersAmong(viewerId, userIds) {
      const { rows } = await sql<{ follower_id: string }>`
        select follower_id from follows
        where followee_id = ${viewerId} and follower_id = any(${userIds}::bigint[])`.execute(
        database.kysely,
      )
      return toUserIds(rows.map((row) => row.follower_id))
    },
    relations: (viewerId, nowMs) => readRelations(database, viewerId, nowMs),
    seen: (viewerId, sinceMs) => readSeen(database, viewerId, sinceMs),
    servedPostIds: (viewerId, sinceMs, idsMax) =>
      readServedPostIds(database, viewerId, { sinceMs, rowsMax: idsMax }),
    servedHistory: (viewerId, query) => readServedHistory(database, viewerId, query),
    recordServed: (record) => writeServed(database, record),
  }
}
