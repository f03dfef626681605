import { sql } from 'kysely'
import { trustPostId, trustUserId, type PostId, type UserId } from '../ids.ts'
import type { MediaRecord, MutedKeywordRecord, PostRecord, UserRecord } from './records.ts'

/** A `users` row as `USER_COLUMNS` reads it, ids and times as text. */
export interface UserRow {
  readonly id: string
  readonly handle: string
  readonly display_name: string
  readonly bio: string
  readonly created_at_ms: string
  readonly language: string | null
  readonly country: string | null
  readonly birth_year: number | null
  readonly is_protected: boolean
  readonly state: UserRecord['state']
  readonly is_adult: boolean
  readonly sensitive_opt_in: boolean
  readonly sells_subscriptions: boolean
  readonly followers_count: number
}

/** Ids and times as text, so that the same columns may also travel as JSON. */
export const USER_COLUMNS = sql.raw(`
  u.id::text as id, u.handle, u.display_name, u.bio, u.created_at_ms::text as created_at_ms,
  u.language, u.country, u.birth_year, u.is_protected, u.state, u.is_adult, u.sensitive_opt_in,
  u.sells_subscriptions, u.followers_count`)

export function toUserRecord(row: UserRow): UserRecord {
  return {
    id: trustUserId(row.id),
    handle: row.handle,
    displayName: row.display_name,
    bio: row.bio,
    createdAtMs: Number(row.created_at_ms),
    language: row.language,
    country: row.country,
    birthYear: row.birth_year,
    isProtected: row.is_protected,
    state: row.state,
    isAdult: row.is_adult,
    sensitiveOptIn: row.sensitive_opt_in,
    sellsSubscriptions: row.sells_subscriptions,
    followersCount: row.followers_count,
  }
}

/** A `posts` row with what its original, parent and quoted post add, as `POST_SELECT` reads it. */
export interface PostRow {
  readonly id: string
  readonly author_id: string
  readonly created_at_ms: string
  readonly text: string
  readonly language: string | null
  readonly reply_to_post_id: string | null
  readonly reply_to_user_id: string | null
  readonly conversation_id: string | null
  readonly repost_of_post_id: string | null
  readonly repost_of_user_id: string | null
  readonly quoted_post_id: string | null
  readonly quoted_user_id: string | null
  readonly subscribers_only: boolean
  readonly sensitive: boolean
}

/**
 * Posts that are not deleted and, if reposts, not of a deleted original. A repost takes its
 * original's text and language; authors of parent, original and quoted post are filled in when the
 * row does not name them. `limit 1` keeps each look-up one by key: as plain joins the planner reads
 * the whole table three times for a page of candidates.
 */
export const POST_SELECT = sql.raw(`
  select p.id, p.author_id, p.created_at_ms,
    case when original.id is null then p.text else original.text end as text,
    case when original.id is null then p.language else original.language end as language,
    p.reply_to_post_id, coalesce(p.reply_to_user_id, parent.author_id) as reply_to_user_id,
    p.conversation_id, p.repost_of_post_id,
    coalesce(p.repost_of_user_id, original.author_id) as repost_of_user_id,
    p.quoted_post_id, quoted.author_id as quoted_user_id, p.subscribers_only, p.sensitive
  from posts p
  left join lateral (
    select id, author_id, text, language, deleted_at_ms from posts
    where id = p.repost_of_post_id limit 1
  ) original on true
  left join lateral (
    select author_id from posts
    where id = p.reply_to_post_id and p.reply_to_user_id is null limit 1
  ) parent on true
  left join lateral (
    select author_id from posts where id = p.quoted_post_id limit 1
  ) quoted on true`)

/** The condition that belongs to `POST_SELECT`. */
export const POST_IS_LIVE = sql.raw('(p.deleted_at_ms is null and original.deleted_at_ms is null)')

function optionalPostId(id: string | null): PostId | null {
  return id === null ? null : trustPostId(id)
}

function optionalUserId(id: string | null): UserId | null {
  return id === null ? null : trustUserId(id)
}

export function toPostRecord(row: PostRow): PostRecord {
  return {
    id: trustPostId(row.id),
    authorId: trustUserId(row.author_id),
    createdAtMs: Number(row.created_at_ms),
    text: row.text,
    language: row.language,
    replyToPostId: optionalPostId(row.reply_to_post_id),
    replyToUserId: optionalUserId(row.reply_to_user_id),
    conversationId: optionalPostId(row.conversation_id),
    repostOfPostId: optionalPostId(row.repost_of_post_id),
    repostOfUserId: optionalUserId(row.repost_of_user_id),
    quotedPostId: optionalPostId(row.quoted_post_id),
    quotedUserId: optionalUserId(row.quoted_user_id),
    subscribersOnly: row.subscribers_only,
    sensitive: row.sensitive,
  }
}

export interface MediaRow {
  readonly post_id: string
  readonly kind: MediaRecord['kind']
  readonly url: string
  readonly alt_text: string | null
  readonly width: number
  readonly height: number
  readonly duration_ms: number | null
}

export function toMediaRecord(row: MediaRow): MediaRecord {
  return {
    postId: trustPostId(row.post_id),
    kind: row.kind,
    url: row.url,
    altText: row.alt_text,
    width: row.width,
    height: row.height,
    durationMs: row.duration_ms,
  }
}

/** As JSON inside the viewer's relations: ids and times as text. */
export interface MutedKeywordRow {
  readonly id: string
  readonly phrase: string
  readonly match: MutedKeywordRecord['match']
  readonly surfaces: MutedKeywordRecord['surfaces']
  readonly expires_at_ms: string | null
}

export function toMutedKeywordRecord(row: MutedKeywordRow): MutedKeywordRecord {
  return {
    id: row.id,
    phrase: row.phrase,
    match: row.match,
    surfaces: row.surfaces,
    expiresAtMs: row.expires_at_ms === null ? null : Number(row.expires_at_ms),
  }
}
