import DataLoader from 'dataloader'
import { sql, type RawBuilder } from 'kysely'
import type { PostId, UserId } from '../ids.ts'
import type { Database } from './database.ts'
import type { Loaders } from './loaders.ts'
import {
  POST_IS_LIVE,
  POST_SELECT,
  toMediaRecord,
  toPostRecord,
  toUserRecord,
  USER_COLUMNS,
  type MediaRow,
  type PostRow,
  type UserRow,
} from './record-rows.ts'
import type { EngagementCounts, MediaRecord, ModerationRecord } from './records.ts'

/** Keys of one statement; more become a second statement. */
const BATCH_KEYS_MAX = 5_000

const NO_COUNTS: EngagementCounts = { likes: 0, replies: 0, reposts: 0, quotes: 0 }
const NO_MODERATION: ModerationRecord = { labels: [], takedownCountries: [] }

/** One statement whose rows go to their keys; a key without rows gets `absent`. */
interface Batch<K, V, R> {
  readonly database: Database
  readonly statement: (keys: readonly K[]) => RawBuilder<R>
  readonly keyOf: (row: R) => string
  readonly toValue: (rows: readonly [R, ...R[]]) => V
  readonly absent: V
}

function createLoader<K extends string, V, R>(batch: Batch<K, V, R>): DataLoader<K, V> {
  return new DataLoader<K, V>(
    async (keys) => {
      const { rows } = await batch.statement(keys).execute(batch.database.kysely)
      const byKey = new Map<string, [R, ...R[]]>()
      for (const row of rows) {
        const key = batch.keyOf(row)
        const others = byKey.get(key)
        if (others === undefined) byKey.set(key, [row])
        else others.push(row)
      }
      return keys.map((key) => {
        const found = byKey.get(key)
        return found === undefined ? batch.absent : batch.toValue(found)
      })
    },
    { maxBatchSize: BATCH_KEYS_MAX },
  )
}

function mediaLoader(database: Database): Loaders['media'] {
  return createLoader<PostId, readonly MediaRecord[], MediaRow>({
    database,
    statement: (ids) => sql`
      select post_id, kind, url, alt_text, width, height, duration_ms from media
      where post_id = any(${ids}::bigint[]) order by post_id, position`,
    keyOf: (row) => row.post_id,
    toValue: (rows) => rows.map(toMediaRecord),
    absent: [],
  })
}

function engagementCountsLoader(database: Database): Loaders['engagementCounts'] {
  return createLoader<PostId, EngagementCounts, EngagementCounts & { post_id: string }>({
    database,
    statement: (ids) => sql`
      select post_id, likes, greatest(reply_actions, reply_posts) as replies,
        greatest(repost_actions, repost_posts) as reposts,
        greatest(quote_actions, quote_posts) as quotes
      from post_counts where post_id = any(${ids}::bigint[])`,
    keyOf: (row) => row.post_id,
    toValue: ([{ likes, replies, reposts, quotes }]) => ({ likes, replies, reposts, quotes }),
    absent: NO_COUNTS,
  })
}

interface ModerationRow {
  readonly post_id: string
  readonly label: string | null
  readonly country: string | null
}

function postModerationLoader(database: Database, nowMs: number): Loaders['postModeration'] {
  return createLoader<PostId, ModerationRecord, ModerationRow>({
    database,
    statement: (ids) => sql`
      select subject_id as post_id, label, null as country from visibility_labels
      where subject_kind = 'post' and subject_id = any(${ids}::bigint[])
        and (expires_at_ms is null or expires_at_ms > ${nowMs})
      union all
      select post_id, null, country from takedowns where post_id = any(${ids}::bigint[])
      order by 1, 2, 3`,
    keyOf: (row) => row.post_id,
    toValue: (rows) => ({
      labels: rows.flatMap((row) => row.label ?? []),
      takedownCountries: rows.flatMap((row) => row.country ?? []),
    }),
    absent: NO_MODERATION,
  })
}

function userLabelsLoader(database: Database, nowMs: number): Loaders['userLabels'] {
  return createLoader<UserId, readonly string[], { user_id: string; label: string }>({
    database,
    statement: (ids) => sql`
      select subject_id as user_id, label from visibility_labels
      where subject_kind = 'user' and subject_id = any(${ids}::bigint[])
        and (expires_at_ms is null or expires_at_ms > ${nowMs})
      order by subject_id, label`,
    keyOf: (row) => row.user_id,
    toValue: (rows) => rows.map((row) => row.label),
    absent: [],
  })
}

/**
 * A fresh set of batch readers for one request: all keys asked for in one tick become one
 * statement. `nowMs` decides which labels have expired.
 */
export function createLoaders(database: Database, nowMs: number): Loaders {
  return {
    posts: createLoader({
      database,
      statement: (ids: readonly PostId[]) => sql<PostRow>`
        ${POST_SELECT} where p.id = any(${ids}::bigint[]) and ${POST_IS_LIVE}`,
      keyOf: (row) => row.id,
      toValue: ([row]) => toPostRecord(row),
      absent: null,
    }),
    users: createLoader({
      database,
      statement: (ids: readonly UserId[]) => sql<UserRow>`
        select ${USER_COLUMNS} from users u where u.id = any(${ids}::bigint[])`,
      keyOf: (row) => row.id,
      toValue: ([row]) => toUserRecord(row),
      absent: null,
    }),
    usersByHandle: createLoader({
      database,
      statement: (handles: readonly string[]) => sql<UserRow>`
        select ${USER_COLUMNS} from users u where lower(u.handle) = any(${handles}::text[])`,
      keyOf: (row) => row.handle.toLowerCase(),
      toValue: ([row]) => toUserRecord(row),
      absent: null,
    }),
    media: mediaLoader(database),
    engagementCounts: engagementCountsLoader(database),
    postModeration: postModerationLoader(database, nowMs),
    userLabels: userLabelsLoader(database, nowMs),
  }
}
