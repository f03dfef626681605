import { setImmediate as nextTurn } from 'node:timers/promises'
import { createEvent, encodeEvent } from '../../src/events/event-codec.ts'
import { PostFacts } from '../../src/gen/events.ts'
import { PostColumns } from '../../src/thunder/post-columns.ts'
import { PostEventColumns } from '../../src/thunder/post-event-columns.ts'
import { decodePostEvent } from '../../src/thunder/post-event.ts'
import { PostStore } from '../../src/thunder/post-store.ts'
import type { SlotRequest } from '../../src/thunder/read-scope.ts'
import { Retention } from '../../src/thunder/retention.ts'
import { trustUserId } from '../../src/ids.ts'
import { joinId } from '../../src/thunder/id-halves.ts'
import { drawRead, WORLD_NOW_MS, type ThunderWorld } from './thunder-world.ts'

const BATCH_ROWS = 10_000
const BYTES_POSTS_MAX = 300_000
const NOTHING = new Uint8Array(0)
const RESULTS_MAX = 1_200
const CHURN_ROWS = 100
const CHURN_TURNS = 12_000
/** Turns before the longest is looked for: code is still being compiled. */
const CHURN_WARM_UP = 1_000

function fill(store: PostStore, world: ThunderWorld, columns: PostColumns): number {
  let ms = 0
  for (let at = 0; at < world.count;) {
    at = world.fillCreations(columns, at)
    const startMs = performance.now()
    store.applyColumns(columns)
    ms += performance.now() - startMs
  }
  return ms
}

function collectGarbage(): void {
  for (let time = 0; time < 3; time += 1) globalThis.gc?.()
}

/** What the process grows by when the store is filled: resident bytes, and those on V8's heap. */
export function measureMemory(world: ThunderWorld): Readonly<Record<string, number>> {
  const columns = new PostColumns(BATCH_ROWS)
  // Code and buffers are paid for by a small store first.
  const small = new PostStore(() => WORLD_NOW_MS, { postsMax: BATCH_ROWS })
  world.fillCreations(columns, world.count - BATCH_ROWS)
  small.applyColumns(columns)
  collectGarbage()
  const before = process.memoryUsage()
  const store = new PostStore(() => WORLD_NOW_MS, { postsMax: world.count })
  fill(store, world, columns)
  collectGarbage()
  const after = process.memoryUsage()
  const { posts, authors } = store.stats()
  return {
    heldPosts: posts,
    authors,
    bytesPerPost: round((after.rss - before.rss) / posts, 1),
    heapBytesPerPost: round((after.heapUsed - before.heapUsed) / posts, 2),
  }
}

/** Decoded columns to visible, batches of 10,000; decoding is not timed. */
export function measureIngest(world: ThunderWorld): Readonly<Record<string, number>> {
  const columns = new PostColumns(BATCH_ROWS)
  const store = new PostStore(() => WORLD_NOW_MS, { postsMax: world.count })
  const ms = fill(store, world, columns)
  return { postsPerSecond: Math.round((store.stats().posts / ms) * 1_000) }
}

/**
 * Kafka's bytes to visible, straight into columns, beside events decoded to objects and inserted
 * one by one; the same events, the slower way first.
 */
export function measureIngestBytes(world: ThunderWorld): Readonly<Record<string, number>> {
  const events = encodeWorld(world, Math.min(world.count, BYTES_POSTS_MAX))
  const timed = (work: (store: PostStore) => void): number => {
    const store = new PostStore(() => WORLD_NOW_MS, { postsMax: events.length })
    collectGarbage()
    const startMs = performance.now()
    work(store)
    return Math.round((store.stats().posts / (performance.now() - startMs)) * 1_000)
  }
  const objectsPerSecond = timed((store) => {
    for (const bytes of events) {
      const { change } = decodePostEvent(bytes)
      if (change.kind === 'create') store.insert(change.post)
    }
  })
  const columns = new PostColumns(1_000)
  const reader = new PostEventColumns()
  const postsPerSecond = timed((store) => {
    for (let at = 0; at < events.length; columns.count = 0) {
      for (; at < events.length && columns.count < columns.capacity; at += 1) {
        if (reader.take(events[at] ?? NOTHING, columns, columns.count)) columns.count += 1
      }
      store.applyColumns(columns)
    }
  })
  const ratioToObjects = round(postsPerSecond / objectsPerSecond, 2)
  return { events: events.length, postsPerSecond, objectsPerSecond, ratioToObjects }
}

function encodeWorld(world: ThunderWorld, count: number): readonly Uint8Array[] {
  const columns = new PostColumns(BATCH_ROWS)
  const events: Uint8Array[] = []
  const idIn = (ids: Int32Array, row: number) =>
    (BigInt(ids[row * 2 + 1] ?? 0) << 32n) | BigInt((ids[row * 2] ?? 0) >>> 0)
  // The newest: what is older than the store keeps would cost less.
  for (let at = world.count - count; at < world.count;) {
    at = world.fillCreations(columns, at)
    for (let row = 0; row < columns.count; row += 1) {
      const createdAtMs = Math.floor(columns.atMs[row] ?? 0)
      const post = PostFacts.fromPartial({
        postId: idIn(columns.postIds, row),
        authorId: idIn(columns.authorIds, row),
        createdAtMs: BigInt(createdAtMs),
        replyToPostId: idIn(columns.replyToPostIds, row),
        replyToUserId: idIn(columns.replyToUserIds, row),
        repostOfPostId: idIn(columns.repostOfPostIds, row),
        repostOfUserId: idIn(columns.repostOfUserIds, row),
        conversationId: idIn(columns.conversationIds, row),
      })
      const payload = { $case: 'postCreated', value: { post } } as const
      events.push(encodeEvent(createEvent(payload, createdAtMs, 1n)))
    }
  }
  return events
}

/**
 * A full store under churn: every turn of the event loop brings 100 posts, 2 deletions and a read
 * for 1,000 follows, while as many posts expire and a trim runs beside. The time between turns.
 */
export async function measurePause(world: ThunderWorld): Promise<Readonly<Record<string, number>>> {
  let nowMs = WORLD_NOW_MS
  const store = new PostStore(() => nowMs, { postsMax: Math.ceil(world.count * 1.1) })
  fill(store, world, new PostColumns(BATCH_ROWS))
  const { follows, excluded } = drawRead(world, 1_000, 1)
  const userText = (rank: number) => trustUserId(joinId(...world.authorId(rank)))
  const request: SlotRequest = {
    follows: store.followList(follows.map(userText)),
    viewer: 0,
    excluded: Int32Array.from(excluded.flatMap((index) => world.postId(index))),
    resultsMax: RESULTS_MAX,
    kind: 'posts',
  }
  const retention = new Retention(store, 50)
  retention.start()
  const columns = new PostColumns(CHURN_ROWS)
  const deletions = new PostColumns(2)
  const into = new Int32Array(RESULTS_MAX)
  const turnsMs: number[] = []
  let at = world.count
  // Ten minutes behind the creations.
  let deleted = world.deleted.length - Math.ceil(world.deleted.length / 288)
  let lastMs = performance.now()
  for (let turn = -CHURN_WARM_UP; turn < CHURN_TURNS; turn += 1) {
    at = world.fillCreations(columns, at, Infinity)
    nowMs = world.createdAtMs(at)
    store.applyColumns(columns)
    deleted = world.fillDeletions(deletions, deleted, Infinity)
    store.applyColumns(deletions)
    store.readSlots(request, into)
    await nextTurn()
    const endMs = performance.now()
    if (turn >= 0) turnsMs.push(endMs - lastMs)
    lastMs = endMs
  }
  await retention.close()
  turnsMs.sort((a, b) => a - b)
  return {
    turns: turnsMs.length,
    p50Ms: round(turnsMs[turnsMs.length >> 1] ?? 0, 3),
    p99Ms: round(turnsMs[Math.floor(turnsMs.length * 0.99)] ?? 0, 3),
    longestMs: round(turnsMs.at(-1) ?? 0, 3),
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
