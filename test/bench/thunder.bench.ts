/**
 * Thunder: reads against a plain port of the published layout in the same run, memory, ingest from
 * decoded columns, and the longest turn of the event loop under churn. The world is speed.md's.
 *
 *   npm run bench -- thunder [--json] [--posts 4000000]
 *
 * Timed: one read of the newest 1,200 posts, excluded ids taken in, from cached follow lists to
 * slots (columnar), from decimal ids to objects (edge), from text ids to objects (naive).
 */
import { PostColumns } from '../../src/thunder/post-columns.ts'
import { PostStore } from '../../src/thunder/post-store.ts'
import type { SlotRequest } from '../../src/thunder/read-scope.ts'
import type { RecentPostsRequest } from '../../src/thunder/thunder.ts'
import { trustPostId, trustUserId } from '../../src/ids.ts'
import { runBenchmarks, type Benchmark, type Sample } from './harness.ts'
import { NaiveThunderPort, type LightPost } from './naive-thunder-port.ts'
import { measureIngest, measureIngestBytes, measureMemory, measurePause } from './thunder-gauges.ts'
import { drawRead, ThunderWorld, WORLD_NOW_MS, type Pair, type WorldRead } from './thunder-world.ts'

const flagAt = process.argv.indexOf('--posts')
const POSTS = flagAt < 0 ? 1_000_000 : Number(process.argv[flagAt + 1])
/** Beyond, the naive port's objects do not fit V8's heap, and columnar is its own peer. */
const NAIVE_POSTS_MAX = 4_000_000
const READS = 16
const RESULTS_MAX = 1_200
const BATCH_ROWS = 10_000
const FOLLOWS = [200, 1_000, 5_000]

/** Built once a process: a variant's process measures every size. */
function once<T>(create: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => (made ??= { value: create() }).value
}

const world = once(() => new ThunderWorld(POSTS))
/** Flat strings: concatenated ones would cost the naive port a further miss a look-up. */
const text = ([low, high]: Pair) => String((BigInt(high) << 32n) | BigInt(low >>> 0))
const postText = (index: number) => trustPostId(text(world().postId(index)))
const userText = (rank: number) => trustUserId(text(world().authorId(rank)))

const columnarStore = once(() => {
  const store = new PostStore(() => WORLD_NOW_MS, { postsMax: POSTS })
  const columns = new PostColumns(BATCH_ROWS)
  for (let at = 0; at < POSTS; store.applyColumns(columns)) at = world().fillCreations(columns, at)
  const deletions = world().deleted.length
  for (let at = 0; at < deletions; store.applyColumns(columns)) {
    at = world().fillDeletions(columns, at)
  }
  return store
})

const naiveStore = once(() => {
  const store = new NaiveThunderPort()
  const columns = new PostColumns(BATCH_ROWS)
  for (let at = 0; at < POSTS;) {
    at = world().fillCreations(columns, at)
    for (let row = 0; row < columns.count; row += 1) store.insert(toLightPost(columns, row))
  }
  for (const index of world().deleted) store.delete(postText(index))
  return store
})

function toLightPost(columns: PostColumns, row: number): LightPost {
  const idIn = (ids: Int32Array) => {
    const id = text([ids[row * 2] ?? 0, ids[row * 2 + 1] ?? 0])
    return id === '0' ? null : id
  }
  return {
    postId: idIn(columns.postIds) ?? '',
    authorId: idIn(columns.authorIds) ?? '',
    createdAt: Math.floor((columns.atMs[row] ?? 0) / 1_000),
    replyToPostId: idIn(columns.replyToPostIds),
    replyToUserId: idIn(columns.replyToUserIds),
    repostOfPostId: idIn(columns.repostOfPostIds),
    repostOfUserId: idIn(columns.repostOfUserIds),
    conversationId: idIn(columns.conversationIds),
  }
}

function drawReads(follows: number): readonly WorldRead[] {
  return Array.from({ length: READS }, (_, seed) => drawRead(world(), follows, seed))
}

/** A variant that reads for one viewer after another; answers with the ids of all of them. */
function readingSample<Request>(
  requests: readonly Request[],
  read: (request: Request) => readonly string[] | number,
  idsOf: (request: Request) => readonly string[],
): Sample {
  let at = 0
  return {
    prepare: () => {
      at = (at + 1) % requests.length
    },
    run() {
      const request = requests[at]
      if (request !== undefined) read(request)
    },
    answer: () => requests.map((request) => idsOf(request).join(' ')).join('\n'),
  }
}

function columnar(follows: number): Sample {
  const store = columnarStore()
  const into = new Int32Array(RESULTS_MAX)
  const requests = drawReads(follows).map((read): SlotRequest => ({
    follows: store.followList(read.follows.map(userText)),
    viewer: store.denseUser(trustUserId(text(read.viewerId))),
    excluded: Int32Array.from(read.excluded.flatMap((index) => world().postId(index))),
    resultsMax: RESULTS_MAX,
    kind: 'posts',
  }))
  return readingSample(
    requests,
    (request) => store.readSlots(request, into),
    (request) => {
      const slots = into.subarray(0, store.readSlots(request, into))
      return [...slots].map((slot) => store.postAt(slot).postId)
    },
  )
}

function edge(follows: number): Sample {
  const store = columnarStore()
  const requests = drawReads(follows).map((read): RecentPostsRequest => ({
    viewerId: trustUserId(text(read.viewerId)),
    authorIds: read.follows.map(userText),
    excludedPostIds: new Set(read.excluded.map(postText)),
    resultsMax: RESULTS_MAX,
  }))
  const idsOf = (request: RecentPostsRequest) =>
    store.recentPosts(request).map(({ postId }) => postId)
  return readingSample(requests, (request) => store.recentPosts(request).length, idsOf)
}

function naive(follows: number): Sample {
  const store = naiveStore()
  const requests = drawReads(follows).map((read) => ({
    viewerId: text(read.viewerId),
    follows: read.follows.map(userText),
    excluded: new Set<string>(read.excluded.map(postText)),
  }))
  const idsOf = (request: (typeof requests)[number]) =>
    store.read(request).map(({ postId }) => postId)
  const sample = readingSample(requests, (request) => store.read(request).length, idsOf)
  return { ...sample, sampleRuns: 16 }
}

const hasNaive = POSTS <= NAIVE_POSTS_MAX
const reads = FOLLOWS.map((follows): Benchmark => ({
  name: 'thunder.read',
  facts: { posts: POSTS, follows },
  peer: hasNaive ? 'naive' : 'columnar',
  ratio: 'speed',
  warmUpRuns: 400,
  sampleRuns: 2_000,
  variants: {
    ...(hasNaive ? { naive: () => naive(follows) } : {}),
    columnar: () => columnar(follows),
    edge: () => edge(follows),
  },
}))

await runBenchmarks(reads, [
  { name: 'thunder.memory', facts: { posts: POSTS }, measure: () => measureMemory(world()) },
  { name: 'thunder.ingest', facts: { posts: POSTS }, measure: () => measureIngest(world()) },
  {
    name: 'thunder.ingestBytes',
    facts: { posts: POSTS },
    measure: () => measureIngestBytes(world()),
  },
  { name: 'thunder.pause', facts: { posts: POSTS }, measure: () => measurePause(world()) },
])
