import { decodeEvent, EventDecodeError, type KnownEvent } from '../../events/event-codec.ts'
import type { ConsumedRecord, Topic } from '../../events/event-log.ts'
import { ACTIONS } from '../../gen/actions.ts'
import { MediaKind, type Engaged, type PostFacts, type RelationChanged } from '../../gen/events.ts'
import type { ImportedMedia, ImportedPost } from '../import/imported-post.ts'
import type { Change, ChangeBody, RelationKind } from './change.ts'
import {
  UnusableEventError,
  impossible,
  toId,
  toInteger,
  toMs,
  toOptionalId,
  toText,
} from './field-checks.ts'

const EVENT_ID_LENGTH_MAX = 100

const RELATIONS: Readonly<Record<RelationKind, true>> = {
  follow: true,
  block: true,
  mute: true,
  mute_reposts: true,
  subscribe: true,
}

/** Which topic an event of a kind belongs to. */
const TOPIC_OF: Readonly<Record<KnownEvent['payload']['$case'], Topic>> = {
  postCreated: 'posts',
  postDeleted: 'posts',
  postRestored: 'posts',
  engaged: 'engagements',
  relationChanged: 'relations',
  impressed: 'impressions',
  deadLetter: 'dead-letters',
}

type Content = NonNullable<PostFacts['content']>

function toMedia(content: Content | undefined): readonly ImportedMedia[] {
  return (content?.media ?? []).map((media) => {
    const isVideo = media.kind === MediaKind.MEDIA_KIND_VIDEO
    if (!isVideo && media.kind !== MediaKind.MEDIA_KIND_IMAGE) impossible('media.kind')
    const durationMs = toInteger(media.durationMs, 'media.duration_ms')
    return {
      kind: isVideo ? ('video' as const) : ('image' as const),
      url: toText(media.url, 'media.url'),
      altText: media.altText === '' ? null : toText(media.altText, 'media.alt_text'),
      width: toInteger(media.width, 'media.width'),
      height: toInteger(media.height, 'media.height'),
      durationMs: isVideo && durationMs > 0 ? durationMs : null,
    }
  })
}

function toPost(facts: PostFacts | undefined): ImportedPost {
  if (facts === undefined) impossible('post')
  const { content } = facts
  const id = toId(facts.postId, 'post_id')
  const post = {
    id,
    authorId: toId(facts.authorId, 'author_id'),
    createdAtMs: toMs(facts.createdAtMs, 'created_at_ms'),
    text: toText(content?.text ?? '', 'text'),
    language: content === undefined || content.language === '' ? null : content.language,
    replyToPostId: toOptionalId(facts.replyToPostId, 'reply_to_post_id'),
    replyToUserId: toOptionalId(facts.replyToUserId, 'reply_to_user_id'),
    conversationId: toOptionalId(facts.conversationId, 'conversation_id'),
    repostOfPostId: toOptionalId(facts.repostOfPostId, 'repost_of_post_id'),
    repostOfUserId: toOptionalId(facts.repostOfUserId, 'repost_of_user_id'),
    quotedPostId: toOptionalId(facts.quotedPostId, 'quoted_post_id'),
    subscribersOnly: content?.subscribersOnly ?? false,
    sensitive: content?.sensitive ?? false,
    deletedAtMs: null,
    media: toMedia(content),
    topics: [...new Set((content?.topics ?? []).map((topic) => toText(topic, 'topics')))],
  }
  if (post.replyToPostId === id) impossible('reply_to_post_id')
  if (post.repostOfPostId === id) impossible('repost_of_post_id')
  if (post.quotedPostId === id) impossible('quoted_post_id')
  return post
}

function toEngagement(engaged: Engaged, occurredAtMs: bigint): ChangeBody {
  const { actionIndex, active, dwellMs } = engaged
  if (ACTIONS[actionIndex] === undefined) impossible('action_index')
  const engagement = {
    viewerId: toId(engaged.viewerId, 'viewer_id'),
    postId: toId(engaged.postId, 'post_id'),
    actionIndex,
    atMs: toMs(occurredAtMs, 'occurred_at_ms'),
    postAuthorId: toOptionalId(engaged.postAuthorId, 'post_author_id'),
    dwellMs: dwellMs === 0n ? null : toInteger(dwellMs, 'dwell_ms'),
  }
  return { kind: 'engagement', isActive: active, engagement }
}

function isRelationKind(kind: string): kind is RelationKind {
  return Object.hasOwn(RELATIONS, kind)
}

function toRelation(changed: RelationChanged, occurredAtMs: bigint): ChangeBody {
  const { kind, active } = changed
  // Topics and keywords are no accounts: their names have no place in the event.
  if (!isRelationKind(kind)) throw new UnusableEventError('unsupported_relation')
  const viewerId = toId(changed.viewerId, 'viewer_id')
  const targetId = toId(changed.targetId, 'target_id')
  if (viewerId === targetId) impossible('target_id')
  const atMs = toMs(occurredAtMs, 'occurred_at_ms')
  return { kind: 'relation', isActive: active, relation: kind, viewerId, targetId, atMs }
}

function toBody({ payload, occurredAtMs }: KnownEvent): ChangeBody {
  switch (payload.$case) {
    case 'postCreated':
    case 'postRestored': {
      const facts = payload.value.post
      const hasContent = facts?.content !== undefined
      return { kind: 'post', isActive: true, post: toPost(facts), hasContent }
    }
    case 'postDeleted': {
      const postId = toId(payload.value.postId, 'post_id')
      const deletedAtMs = toMs(payload.value.deletedAtMs, 'deleted_at_ms')
      return { kind: 'post', isActive: false, postId, deletedAtMs }
    }
    case 'engaged':
      return toEngagement(payload.value, occurredAtMs)
    case 'relationChanged':
      return toRelation(payload.value, occurredAtMs)
    case 'impressed':
    case 'deadLetter':
      throw new UnusableEventError('unexpected_kind')
  }
}

function entityOf(body: ChangeBody): string {
  if (body.kind === 'post') return `post/${body.isActive ? body.post.id : body.postId}`
  if (body.kind === 'relation') return `${body.relation}/${body.viewerId}/${body.targetId}`
  const { viewerId, postId, actionIndex } = body.engagement
  return `engagement/${viewerId}/${postId}/${actionIndex}`
}

/** @throws {UnusableEventError} for a record that is no event of the topic, or impossible. */
export function decodeChange(topic: Topic, { value, fault }: ConsumedRecord): Change {
  if (fault !== undefined) throw new UnusableEventError(fault)
  let event: KnownEvent
  try {
    event = decodeEvent(value)
  } catch (error) {
    throw error instanceof EventDecodeError ? new UnusableEventError(error.reason) : error
  }
  const { id, entityVersion: version } = event
  if (TOPIC_OF[event.payload.$case] !== topic) throw new UnusableEventError('unexpected_kind')
  if (id === '' || id.length > EVENT_ID_LENGTH_MAX || id.includes('\0')) impossible('id')
  if (version < 0n) impossible('entity_version')
  const body = toBody(event)
  return { eventId: id, entity: entityOf(body), version, body }
}
