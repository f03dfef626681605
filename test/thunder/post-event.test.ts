import { describe, expect, it } from 'vitest'
import { createEvent, encodeEvent, type EventPayload } from '../../src/events/event-codec.ts'
import { Impressed, MediaKind, PostFacts } from '../../src/gen/events.ts'
import { decodePostEvent, PostEventError } from '../../src/thunder/post-event.ts'
import { NOW_SECONDS } from './stored-post-fixture.ts'

const NOW_MS = NOW_SECONDS * 1_000
const { MEDIA_KIND_IMAGE: IMAGE, MEDIA_KIND_VIDEO: VIDEO } = MediaKind

function facts(changed: Partial<PostFacts> = {}): PostFacts {
  const usual = { postId: 11n, authorId: 7n, createdAtMs: BigInt(NOW_MS - 1) }
  return PostFacts.fromPartial({ ...usual, ...changed })
}

function decode(payload: EventPayload, version = 3n) {
  return decodePostEvent(encodeEvent(createEvent(payload, NOW_MS, version)))
}

const created = (changed?: Partial<PostFacts>) =>
  decode({ $case: 'postCreated', value: { post: facts(changed) } })

function reasonOf(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof PostEventError) return error.reason
    throw error
  }
  return 'taken'
}

describe('post events', () => {
  it('become posts: seconds, decimal ids, null for none', () => {
    const event = decode({
      $case: 'postRestored',
      value: { post: facts({ postId: 2n ** 63n - 1n, replyToPostId: 5n, replyToUserId: 6n }) },
    })
    expect(event).toEqual({
      occurredAtMs: NOW_MS,
      change: {
        kind: 'restore',
        post: {
          postId: '9223372036854775807',
          authorId: '7',
          createdAtSeconds: NOW_SECONDS - 1,
          replyToPostId: '5',
          replyToUserId: '6',
          repostOfPostId: null,
          repostOfUserId: null,
          conversationId: null,
          hasVideo: false,
          version: 3n,
        },
      },
    })
  })

  it('become deletions', () => {
    const value = { postId: 11n, authorId: 7n, deletedAtMs: BigInt(NOW_MS) }
    expect(decode({ $case: 'postDeleted', value }).change).toEqual({
      kind: 'delete',
      deletion: { postId: '11', deletedAtSeconds: NOW_SECONDS, version: 3n },
    })
  })

  it.each([
    [[VIDEO], 5_000n, true],
    [[VIDEO], 4_999n, false],
    [[VIDEO], 0n, false],
    [[VIDEO, IMAGE], 9_000n, false],
    [[VIDEO, VIDEO], 9_000n, false],
    [[IMAGE], 9_000n, false],
    [[], 9_000n, false],
  ])('with media %j of %s ms show a video: %s', (mediaKinds, videoDurationMs, hasVideo) => {
    expect(created({ mediaKinds, videoDurationMs }).change).toMatchObject({ post: { hasVideo } })
  })

  it.each<[string, Partial<PostFacts>]>([
    ['post_id', { postId: 0n }],
    ['post_id', { postId: -4n }],
    ['author_id', { authorId: 0n }],
    ['created_at_ms', { createdAtMs: 0n }],
    ['created_at_ms', { createdAtMs: 2n ** 62n }],
    ['reply_to_post_id', { replyToPostId: -1n }],
    ['reply_to_post_id', { replyToPostId: 11n }],
    ['reply_to_user_id', { replyToUserId: -1n }],
    ['repost_of_post_id', { repostOfPostId: 11n }],
    ['repost_of_user_id', { repostOfUserId: -1n }],
    ['conversation_id', { conversationId: -1n }],
    ['video_duration_ms', { videoDurationMs: -1n }],
  ])('are refused for an impossible %s (case %#)', (field, changed) => {
    expect(reasonOf(() => created(changed))).toBe(`impossible_field ${field}`)
  })

  it('are refused without a post, with a version below 0, or an impossible deletion', () => {
    const value = { postId: 11n, authorId: 7n, deletedAtMs: -1n }
    const deletion = { $case: 'postDeleted', value } as const
    const none = { $case: 'postCreated', value: { post: undefined } } as const
    expect(reasonOf(() => decode(none))).toBe('impossible_field post')
    expect(reasonOf(() => decode(deletion))).toBe('impossible_field deleted_at_ms')
    expect(reasonOf(() => decode(deletion, -1n))).toBe('impossible_field entity_version')
  })

  it('are refused when they are of another topic, a later schema, or no events', () => {
    const value = Impressed.fromPartial({ viewerId: 1n, postId: 2n })
    expect(reasonOf(() => decode({ $case: 'impressed', value }))).toBe('unexpected_kind')
    expect(reasonOf(() => decodePostEvent(Uint8Array.of(0xd2, 0x05, 1, 1)))).toBe('unknown_kind')
    expect(reasonOf(() => decodePostEvent(Uint8Array.of(0xff)))).toBe('undecodable')
  })
})
