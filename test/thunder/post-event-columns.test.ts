import { describe, expect, it } from 'vitest'
import { createEvent, encodeEvent, type EventPayload } from '../../src/events/event-codec.ts'
import { Impressed, MediaKind, PostFacts } from '../../src/gen/events.ts'
import { setDeletion, setPost, setRestoredPost } from '../../src/thunder/change-columns.ts'
import { PostColumns } from '../../src/thunder/post-columns.ts'
import { PostEventColumns } from '../../src/thunder/post-event-columns.ts'
import { decodePostEvent, PostEventError } from '../../src/thunder/post-event.ts'
import { createRandom } from './random-steps.ts'

const EVENTS = 4_000
const NOW_MS = 1_800_000_000_000

type Random = () => number

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit)
}

/** Ids and numbers of every size, the impossible ones now and then. */
function randomId(random: Random): bigint {
  const bits = BigInt(1 + below(random, 63))
  const value = (BigInt(below(random, 2 ** 31)) << 32n) | BigInt(below(random, 2 ** 32))
  if (below(random, 40) === 0) return -1n
  return below(random, 40) === 0 ? 0n : BigInt.asUintN(Number(bits), value) || 1n
}

function randomFacts(random: Random): PostFacts {
  const idOrNone = () => (below(random, 2) === 0 ? 0n : randomId(random))
  const postId = randomId(random)
  const kinds = [MediaKind.MEDIA_KIND_IMAGE, MediaKind.MEDIA_KIND_VIDEO]
  return PostFacts.fromPartial({
    postId,
    authorId: randomId(random),
    createdAtMs: below(random, 30) === 0 ? randomId(random) : BigInt(NOW_MS - below(random, 1e9)),
    replyToPostId: below(random, 30) === 0 ? postId : idOrNone(),
    replyToUserId: idOrNone(),
    repostOfPostId: below(random, 30) === 0 ? postId : idOrNone(),
    repostOfUserId: idOrNone(),
    quotedPostId: idOrNone(),
    conversationId: idOrNone(),
    mediaKinds: Array.from({ length: below(random, 3) }, () => kinds[below(random, 2)] ?? 0),
    videoDurationMs: BigInt(below(random, 10_000) - 100),
    recommendable: below(random, 2) === 0,
  })
}

function randomPayload(random: Random): EventPayload {
  const post = below(random, 20) === 0 ? undefined : randomFacts(random)
  switch (below(random, 6)) {
    case 0: {
      const deletedAtMs = BigInt(NOW_MS - below(random, 1e9)) * (below(random, 20) === 0 ? -1n : 1n)
      const value = { postId: randomId(random), authorId: 7n, deletedAtMs }
      return { $case: 'postDeleted', value }
    }
    case 1:
      return { $case: 'postRestored', value: { post } }
    case 2:
      return {
        $case: 'impressed',
        value: Impressed.fromPartial({ viewerId: 1n, postId: 2n, requestId: 'r' }),
      }
    default:
      return { $case: 'postCreated', value: { post } }
  }
}

function randomEvent(random: Random): Uint8Array {
  const version = below(random, 4) === 0 ? 0n : randomId(random)
  return encodeEvent(createEvent(randomPayload(random), NOW_MS - below(random, 1e6), version))
}

/** The row that the slow way fills; null when it refuses. */
function slowRow(bytes: Uint8Array): { columns: PostColumns; occurredAtMs: number } | null {
  const columns = new PostColumns(1)
  try {
    const { change, occurredAtMs } = decodePostEvent(bytes)
    if (change.kind === 'delete') setDeletion(columns, 0, change.deletion)
    else if (change.kind === 'create') setPost(columns, 0, change.post)
    else setRestoredPost(columns, 0, change.post)
    return { columns, occurredAtMs }
  } catch (error) {
    if (error instanceof PostEventError) return null
    throw error
  }
}

/** What the store would see of row 0. */
function describeRow({ kinds, atMs, hasVideo, pairs }: PostColumns): string {
  const seconds = Math.floor((atMs[0] ?? 0) / 1_000)
  const ids = pairs.map((column) => `${column[0]},${column[1]}`)
  return [kinds[0], seconds, hasVideo[0], ...ids].join(' ')
}

/** Whether the fast way took it; checks that it then did what the slow way does. */
function takeAlike(events: PostEventColumns, bytes: Uint8Array, columns: PostColumns): boolean {
  const slow = slowRow(bytes)
  const isTaken = events.take(bytes, columns, 0)
  if (!isTaken) return false
  expect(slow).not.toBeNull()
  if (slow === null) return true
  expect(describeRow(columns)).toBe(describeRow(slow.columns))
  expect(events.occurredAtMs).toBe(slow.occurredAtMs)
  return true
}

describe('events written straight into columns', () => {
  it('are what the slow way makes of them, or left to it', () => {
    const random = createRandom(11)
    const events = new PostEventColumns()
    // One row again and again: nothing of an earlier event may stay in it.
    const columns = new PostColumns(1)
    let possible = 0
    let taken = 0
    for (let count = 0; count < EVENTS; count += 1) {
      const bytes = randomEvent(random)
      if (slowRow(bytes) !== null) possible += 1
      if (takeAlike(events, bytes, columns)) taken += 1
    }
    expect(taken).toBe(possible)
    expect(taken).toBeGreaterThan(EVENTS / 4)
    expect(taken).toBeLessThan(EVENTS)
  })

  it('are never taken for something else when bytes are cut off or changed', () => {
    const random = createRandom(12)
    const events = new PostEventColumns()
    const columns = new PostColumns(1)
    let taken = 0
    for (let count = 0; count < EVENTS; count += 1) {
      const bytes = Uint8Array.from(randomEvent(random))
      const at = below(random, bytes.length)
      if (below(random, 3) === 0) {
        if (takeAlike(events, bytes.subarray(0, at), columns)) taken += 1
        continue
      }
      bytes[at] = below(random, 256)
      if (takeAlike(events, bytes, columns)) taken += 1
    }
    expect(taken).toBeGreaterThan(0)
  })

  it('may carry fields of a later schema', () => {
    const possible = PostFacts.fromPartial({ postId: 1n, authorId: 2n, createdAtMs: 3n })
    const bytes = encodeEvent(
      createEvent({ $case: 'postCreated', value: { post: possible } }, NOW_MS, 1n),
    )
    const later = Uint8Array.of(...bytes, (7 << 3) | 2, 2, 1, 1, (8 << 3) | 5, 1, 2, 3, 4)
    expect(takeAlike(new PostEventColumns(), later, new PostColumns(1))).toBe(true)
  })
})
