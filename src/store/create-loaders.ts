import { sql, type RawBuilder } from 'kysely'
import { trustTopicId, type PostId, type TopicId, type UserId } from '../ids.ts'
import {
  keptDaysOf,
  toAuthorServedDay,
  type AuthorServedDay,
  type AuthorServedRow,
} from './author-served.ts'
import { BulkLoader } from './bulk-loader.ts'
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
import type { PostFacts } from './post-facts.ts'
import type {
  EngagementCounts,
  MediaRecord,
  ModerationRecord,
  PostRecord,
  TopicRecord,
} from './records.ts'

/** Keys of one statement; more become a second one. */
const STATEMENT_KEYS_MAX = 5_000

const NO_COUNTS: EngagementCounts = { likes: 0, replies: 0, reposts: 0, quotes: 0, views: 0 }
const NO_MODERATION: ModerationRecord = { labels: [], takedownCountries: [] }

/** What earlier requests read. */
interface Kept<K, V> {
  get(key: K): V | undefined
  keep(key: K, value: V): void
}

/** One statement whose rows go to their keys; a key without rows gets `absent`. */
interface Batch<K, V, R> {
  readonly database: Database
  readonly statement: (keys: readonly K[]) => RawBuilder<R>
  readonly keyOf: (row: R) => string
  readonly toValue: (rows: readonly [R, ...R[]]) => V
  readonly absent: V
  readonly kept?: Kept<K, NonNullable<V>> | undefined
}

function createLoader<K extends string, V, R>(batch: Batch<K, V, R>): BulkLoader<K, V> {
  return new BulkLoader<K, V>(
    async (keys) => {
      const values = new Map<K, V>()
      for (const key of keys) {
        const value = batch.kept?.get(key)
        if (value !== undefined) values.set(key, value)
      }
      const missing = values.size === 0 ? keys : keys.filter((key) => !values.has(key))
      if (missing.length > 0) await readInto(values, missing, batch)
      return keys.map((key) => values.get(key) ?? batch.absent)
    },
    { readKeysMax: STATEMENT_KEYS_MAX },
  )
}

/** A post that is not there is not kept: it may come. */
async function readInto<K extends string, V, R>(
  values: Map<K, V>,
  keys: readonly K[],
  batch: Batch<K, V, R>,
): Promise<void> {
  const { rows } = await batch.statement(keys).execute(batch.database.kysely)
  const byKey = new Map<string, [R, ...R[]]>()
  for (const row of rows) {
    const key = batch.keyOf(row)
    const others = byKey.get(key)
    if (others === undefined) byKey.set(key, [row])
    else others.push(row)
  }
  for (const key of keys) {
    const found = byKey.get(key)
    const value = found === undefined ? batch.absent : batch.toValue(found)
    values.set(key, value)
    if (value !== null && value !== undefined) batch.kept?.keep(key, value)
  }
}

function mediaLoader(database: Database, facts: PostFacts | null): Loaders['media'] {
  return createLoader<PostId, readonly MediaRecord[], MediaRow>({
    database,
    statement: (ids) => sql`
      select post_id, kind, url, alt_text, width, height, duration_ms from media
      where post_id = any(${ids}::bigint[]) order by post_id, position`,
    keyOf: (row) => row.post_id,
    toValue: (rows) => rows.map(toMediaRecord),
    absent: [],
    kept: facts?.media,
  })
}

function engagementCountsLoader(database: Database): Loaders['engagementCounts'] {
  return createLoader<PostId, EngagementCounts, EngagementCounts & { post_id: string }>({
    database,
    statement: (ids) => sql`
      select post_id, likes, greatest(reply_actions, reply_posts) as replies,
        greatest(repost_actions, repost_posts) as reposts,
        greatest(quote_actions, quote_posts) as quotes, views
      from post_counts where post_id = any(${ids}::bigint[])`,
    keyOf: (row) => row.post_id,
    toValue: ([{ likes, replies, reposts, quotes, views }]) => ({
      likes,
      replies,
      reposts,
      quotes,
      views,
    }),
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

function postTopicsLoader(database: Database, facts: PostFacts | null): Loaders['postTopics'] {
  return createLoader<PostId, readonly TopicId[], { post_id: string; topic_id: number }>({
    database,
    statement: (ids) => sql`
      select post_id, topic_id from post_topics where post_id = any(${ids}::bigint[])
      order by post_id, topic_id`,
    keyOf: (row) => row.post_id,
    toValue: (rows) => rows.map((row) => trustTopicId(row.topic_id)),
    absent: [],
    kept: facts?.topics,
  })
}

function topicsLoader(database: Database): Loaders['topics'] {
  return createLoader<TopicId, TopicRecord | null, { id: string; name: string }>({
    database,
    statement: (ids) => sql`
      select id::text as id, name from topics where id = any(${ids}::integer[])`,
    keyOf: (row) => row.id,
    toValue: ([row]) => ({ id: trustTopicId(row.id), name: row.name }),
    absent: null,
  })
}

function authorServedLoader(database: Database, nowMs: number): Loaders['authorServed'] {
  return createLoader<UserId, readonly AuthorServedDay[], AuthorServedRow>({
    database,
    // All days by name, so that the key (day, author) finds each row: the table holds all authors.
    statement: (ids) => sql`
      select author_id, day, served, out_of_network from author_served
      where day = any(${keptDaysOf(nowMs)}::integer[]) and author_id = any(${ids}::bigint[])
      order by day desc`,
    keyOf: (row) => row.author_id,
    toValue: (rows) => rows.map(toAuthorServedDay),
    absent: [],
  })
}

/**
 * A fresh set of batch readers for one request: all keys asked for in one tick become one
 * statement. `nowMs` decides which labels have expired, which days are kept. `kept`: what earlier
 * requests read.
 */
export function createLoaders(
  database: Database,
  nowMs: number,
  kept: PostFacts | null = null,
): Loaders {
  const facts = kept?.isTrusted === true ? kept : null
  return {
    posts: createLoader<PostId, PostRecord | null, PostRow>({
      database,
      statement: (ids) => sql`
        ${POST_SELECT} where p.id = any(${ids}::bigint[]) and ${POST_IS_LIVE}`,
      keyOf: (row) => row.id,
      toValue: ([row]) => toPostRecord(row),
      absent: null,
      kept: facts?.posts,
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
    media: mediaLoader(database, facts),
    engagementCounts: engagementCountsLoader(database),
    postModeration: postModerationLoader(database, nowMs),
    userLabels: userLabelsLoader(database, nowMs),
    postTopics: postTopicsLoader(database, facts),
    topics: topicsLoader(database),
    authorServed: authorServedLoader(database, nowMs),
  }
}
