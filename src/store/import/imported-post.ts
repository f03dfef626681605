import { snowflakeCreatedAtMs } from '../../ids.ts'
import type { MediaKind } from '../records.ts'
import { BadColumnError, type RowReader } from './row-reader.ts'
import type { UnnestColumn } from './unnest.ts'

const MEDIA_MAX = 20
const TOPICS_MAX = 20

export interface ImportedMedia {
  readonly kind: MediaKind
  readonly url: string
  readonly altText: string | null
  readonly width: number
  readonly height: number
  readonly durationMs: number | null
}

export interface ImportedPost {
  readonly id: string
  readonly authorId: string
  readonly createdAtMs: number
  readonly text: string
  readonly language: string | null
  readonly replyToPostId: string | null
  readonly replyToUserId: string | null
  readonly conversationId: string | null
  readonly repostOfPostId: string | null
  readonly repostOfUserId: string | null
  readonly quotedPostId: string | null
  readonly subscribersOnly: boolean
  readonly sensitive: boolean
  readonly deletedAtMs: number | null
  readonly media: readonly ImportedMedia[]
  readonly topics: readonly string[]
}

/** Columns of `posts`, in the table's order. */
export const POST_COLUMNS: readonly UnnestColumn<ImportedPost>[] = [
  { name: 'id', type: 'bigint', value: (post) => post.id },
  { name: 'author_id', type: 'bigint', value: (post) => post.authorId },
  { name: 'created_at_ms', type: 'bigint', value: (post) => post.createdAtMs },
  { name: 'text', type: 'text', value: (post) => post.text },
  { name: 'language', type: 'text', value: (post) => post.language },
  { name: 'reply_to_post_id', type: 'bigint', value: (post) => post.replyToPostId },
  { name: 'reply_to_user_id', type: 'bigint', value: (post) => post.replyToUserId },
  { name: 'conversation_id', type: 'bigint', value: (post) => post.conversationId },
  { name: 'repost_of_post_id', type: 'bigint', value: (post) => post.repostOfPostId },
  { name: 'repost_of_user_id', type: 'bigint', value: (post) => post.repostOfUserId },
  { name: 'quoted_post_id', type: 'bigint', value: (post) => post.quotedPostId },
  { name: 'subscribers_only', type: 'boolean', value: (post) => post.subscribersOnly },
  { name: 'sensitive', type: 'boolean', value: (post) => post.sensitive },
  { name: 'deleted_at_ms', type: 'bigint', value: (post) => post.deletedAtMs },
]

function readCreatedAtMs(row: RowReader, id: string, nowMs: number): number {
  if (row.has('created_at')) return row.timeMs('created_at')
  const createdAtMs = snowflakeCreatedAtMs(id, nowMs)
  if (createdAtMs !== null) return createdAtMs
  throw new BadColumnError(
    'created_at is missing, and the id is not a snowflake that tells the time: give it',
  )
}

function readMedia(row: RowReader): ImportedMedia {
  const kind = row.oneOf('kind', ['image', 'video'])
  return {
    kind,
    url: row.text('url', 4_000),
    altText: row.optionalText('alt_text', 10_000),
    width: row.optionalInteger('width') ?? 0,
    height: row.optionalInteger('height') ?? 0,
    durationMs: kind === 'video' ? row.optionalInteger('duration_ms') : null,
  }
}

function readMediaList(row: RowReader): readonly ImportedMedia[] {
  const list = row.rows('media')
  if (list.length > MEDIA_MAX) {
    throw new BadColumnError(`media has ${list.length} entries: give at most ${MEDIA_MAX}`)
  }
  return list.map((media, index) => {
    try {
      return readMedia(media)
    } catch (error) {
      if (!(error instanceof BadColumnError)) throw error
      throw new BadColumnError(`media[${index}].${error.message}`)
    }
  })
}

/** @throws BadColumnError */
export function readPost(row: RowReader, nowMs: number): ImportedPost {
  const id = row.id('id')
  const topics = row.texts('topics')
  if (topics.length > TOPICS_MAX) {
    throw new BadColumnError(`topics has ${topics.length} names: give at most ${TOPICS_MAX}`)
  }
  const post = {
    id,
    authorId: row.id('author_id'),
    createdAtMs: readCreatedAtMs(row, id, nowMs),
    text: row.optionalText('text') ?? '',
    language: row.optionalText('language', 35),
    replyToPostId: row.optionalId('reply_to_post_id'),
    replyToUserId: row.optionalId('reply_to_user_id'),
    conversationId: row.optionalId('conversation_id'),
    repostOfPostId: row.optionalId('repost_of_post_id'),
    repostOfUserId: row.optionalId('repost_of_user_id'),
    quotedPostId: row.optionalId('quoted_post_id'),
    subscribersOnly: row.flag('subscribers_only'),
    sensitive: row.flag('sensitive'),
    deletedAtMs: row.optionalTimeMs('deleted_at'),
    media: readMediaList(row),
    topics,
  }
  for (const column of ['reply_to_post_id', 'repost_of_post_id', 'quoted_post_id']) {
    if (row.optionalId(column) === id) {
      throw new BadColumnError(`${column} is the post itself: give another post or none`)
    }
  }
  return post
}
