import { decodeEvent, EventDecodeError, type KnownEvent } from '../events/event-codec.ts'
import { MediaKind, type PostFacts } from '../gen/events.ts'
import { trustPostId, trustUserId, type PostId, type UserId } from '../ids.ts'
import type { PostDeletion } from './post-store.ts'
import type { StoredPost } from './stored-post.ts'
import { VIDEO_DURATION_MS_MIN } from './thunder.params.ts'

/** An event of the topic `posts`, as the store takes it. */
export type PostChange =
  | { readonly kind: 'create'; readonly post: StoredPost }
  | { readonly kind: 'restore'; readonly post: StoredPost }
  | { readonly kind: 'delete'; readonly deletion: PostDeletion }

/** A change, and when it happened (epoch ms). */
export interface PostEvent {
  readonly change: PostChange
  readonly occurredAtMs: number
}

/** An event that the store cannot use. */
export class PostEventError extends Error {
  override readonly name = 'PostEventError'
  /** Why, in few words and out of a short list: it labels a counter. */
  readonly reason: string

  constructor(reason: string, options: { readonly cause?: unknown } = {}) {
    super(`a post event is rejected: ${reason}`, options)
    this.reason = reason
  }
}

/** The last millisecond that a `Date` can hold. */
const TIME_MS_MAX = 8_640_000_000_000_000n

function requireId(value: bigint, field: string): bigint {
  if (value < 1n) throw new PostEventError(`impossible_field ${field}`)
  return value
}

function toSeconds(ms: bigint, field: string): number {
  if (ms < 1n || ms > TIME_MS_MAX) throw new PostEventError(`impossible_field ${field}`)
  return Number(ms / 1_000n)
}

function postIdOrNull(value: bigint, field: string): PostId | null {
  return value === 0n ? null : trustPostId(requireId(value, field))
}

function userIdOrNull(value: bigint, field: string): UserId | null {
  return value === 0n ? null : trustUserId(requireId(value, field))
}

function hasVideo(facts: PostFacts): boolean {
  if (facts.videoDurationMs < 0n) throw new PostEventError('impossible_field video_duration_ms')
  const [kind] = facts.mediaKinds
  return (
    facts.mediaKinds.length === 1 &&
    kind === MediaKind.MEDIA_KIND_VIDEO &&
    facts.videoDurationMs >= BigInt(VIDEO_DURATION_MS_MIN)
  )
}

function toStoredPost(facts: PostFacts | undefined, version: bigint): StoredPost {
  if (facts === undefined) throw new PostEventError('impossible_field post')
  const postId = requireId(facts.postId, 'post_id')
  if (facts.replyToPostId === postId) throw new PostEventError('impossible_field reply_to_post_id')
  if (facts.repostOfPostId === postId) {
    throw new PostEventError('impossible_field repost_of_post_id')
  }
  return {
    postId: trustPostId(postId),
    authorId: trustUserId(requireId(facts.authorId, 'author_id')),
    createdAtSeconds: toSeconds(facts.createdAtMs, 'created_at_ms'),
    replyToPostId: postIdOrNull(facts.replyToPostId, 'reply_to_post_id'),
    replyToUserId: userIdOrNull(facts.replyToUserId, 'reply_to_user_id'),
    repostOfPostId: postIdOrNull(facts.repostOfPostId, 'repost_of_post_id'),
    repostOfUserId: userIdOrNull(facts.repostOfUserId, 'repost_of_user_id'),
    conversationId: postIdOrNull(facts.conversationId, 'conversation_id'),
    hasVideo: hasVideo(facts),
    version,
  }
}

function toChange(event: KnownEvent): PostChange {
  const { payload, entityVersion } = event
  if (entityVersion < 0n) throw new PostEventError('impossible_field entity_version')
  switch (payload.$case) {
    case 'postCreated':
      return { kind: 'create', post: toStoredPost(payload.value.post, entityVersion) }
    case 'postRestored':
      return { kind: 'restore', post: toStoredPost(payload.value.post, entityVersion) }
    case 'postDeleted': {
      const { postId, deletedAtMs } = payload.value
      return {
        kind: 'delete',
        deletion: {
          postId: trustPostId(requireId(postId, 'post_id')),
          deletedAtSeconds: toSeconds(deletedAtMs, 'deleted_at_ms'),
          version: entityVersion,
        },
      }
    }
    case 'engaged':
    case 'relationChanged':
    case 'impressed':
    case 'deadLetter':
      throw new PostEventError('unexpected_kind')
  }
}

/** @throws {PostEventError} for bytes that are no event, no post event, or an impossible one. */
export function decodePostEvent(bytes: Uint8Array): PostEvent {
  let event: KnownEvent
  try {
    event = decodeEvent(bytes)
  } catch (cause) {
    throw new PostEventError(cause instanceof EventDecodeError ? cause.reason : 'undecodable', {
      cause,
    })
  }
  return { change: toChange(event), occurredAtMs: Number(event.occurredAtMs) }
}
