import { uuidv7 } from 'uuidv7'
import type { EventRecord } from '../events/event-log.ts'
import { MediaKind, type Event, type PostFacts } from '../gen/events.ts'

/** Version of the event schema that this release writes. */
export const EVENT_SCHEMA_VERSION = 1

/** What a post's event is made of; ids as decimal strings, null = none. */
export interface PostEventFacts {
  readonly id: string
  readonly authorId: string
  readonly createdAtMs: number
  readonly replyToPostId: string | null
  readonly replyToUserId: string | null
  readonly repostOfPostId: string | null
  readonly repostOfUserId: string | null
  readonly quotedPostId: string | null
  readonly conversationId: string | null
  readonly media: readonly {
    readonly kind: 'image' | 'video'
    readonly durationMs: number | null
  }[]
  /** The author is known, active and not protected, and the post not for subscribers only. */
  readonly recommendable: boolean
}

function toPostFacts(facts: PostEventFacts): PostFacts {
  const durations = facts.media.flatMap((media) => media.durationMs ?? [])
  return {
    postId: BigInt(facts.id),
    authorId: BigInt(facts.authorId),
    createdAtMs: BigInt(facts.createdAtMs),
    replyToPostId: BigInt(facts.replyToPostId ?? 0),
    replyToUserId: BigInt(facts.replyToUserId ?? 0),
    repostOfPostId: BigInt(facts.repostOfPostId ?? 0),
    repostOfUserId: BigInt(facts.repostOfUserId ?? 0),
    quotedPostId: BigInt(facts.quotedPostId ?? 0),
    conversationId: BigInt(facts.conversationId ?? 0),
    mediaKinds: facts.media.map(({ kind }) =>
      kind === 'video' ? MediaKind.MEDIA_KIND_VIDEO : MediaKind.MEDIA_KIND_IMAGE,
    ),
    videoDurationMs: durations.length === 0 ? 0n : BigInt(Math.min(...durations)),
    recommendable: facts.recommendable,
    // Everybody reads it from the database.
    content: undefined,
  }
}

interface EventParts {
  readonly authorId: string
  readonly occurredAtMs: number
  /** Time of the writing: a later change of the same post is newer. */
  readonly nowMs: number
  readonly payload: NonNullable<Event['payload']>
}

function toRecord({ authorId, occurredAtMs, nowMs, payload }: EventParts): EventRecord {
  return {
    topic: 'posts',
    key: authorId,
    event: {
      id: uuidv7(),
      occurredAtMs: BigInt(occurredAtMs),
      schemaVersion: EVENT_SCHEMA_VERSION,
      entityVersion: BigInt(nowMs),
      payload,
    },
  }
}

/** A new post; it happened at its creation. */
export function postCreatedRecord(facts: PostEventFacts, nowMs: number): EventRecord {
  return toRecord({
    authorId: facts.authorId,
    occurredAtMs: facts.createdAtMs,
    nowMs,
    payload: { $case: 'postCreated', value: { post: toPostFacts(facts) } },
  })
}

/** A deleted post that is there again; it happened now. */
export function postRestoredRecord(facts: PostEventFacts, nowMs: number): EventRecord {
  return toRecord({
    authorId: facts.authorId,
    occurredAtMs: nowMs,
    nowMs,
    payload: { $case: 'postRestored', value: { post: toPostFacts(facts) } },
  })
}

export interface PostDeletion {
  readonly id: string
  readonly authorId: string
  readonly deletedAtMs: number
}

export function postDeletedRecord(deletion: PostDeletion, nowMs: number): EventRecord {
  return toRecord({
    authorId: deletion.authorId,
    occurredAtMs: deletion.deletedAtMs,
    nowMs,
    payload: {
      $case: 'postDeleted',
      value: {
        postId: BigInt(deletion.id),
        authorId: BigInt(deletion.authorId),
        deletedAtMs: BigInt(deletion.deletedAtMs),
      },
    },
  })
}
