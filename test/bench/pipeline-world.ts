/** A world in memory that fills the home feed's pool with 1,500 posts of every kind. */
import { DISCRETE_ACTION_COUNT } from '../../src/gen/actions.ts'
import type { PostId, UserId } from '../../src/ids.ts'
import type { AggregatedAction } from '../../src/phoenix/action-sequence.ts'
import { AgedCache } from '../../src/pipeline/framework/aged-cache.ts'
import type { HomeFeedDependencies } from '../../src/pipeline/home-feed.dependencies.ts'
import { createHomeFeedQuery, EMPTY_FILTER } from '../../src/pipeline/home-feed.query.ts'
import { COUNTS_CACHE_PARAMS } from '../../src/pipeline/process.params.ts'
import type { HomeFeedQuery } from '../../src/pipeline/home-feed.query.ts'
import { BulkLoader } from '../../src/store/bulk-loader.ts'
import type { Loaders } from '../../src/store/loaders.ts'
import type { MediaRecord, PostRecord, UserRecord } from '../../src/store/records.ts'
import { createDependencies, viewerStore } from '../pipeline/contract-world.ts'
import * as fixtures from '../pipeline/home-feed-fixtures.ts'
import { media } from '../pipeline/media-fixtures.ts'
import { relations } from '../pipeline/store-fixtures.ts'

const { NOW_MS, postId, userId, VIEWER } = fixtures

/** Candidates after the merge: what Thunder and retrieval bring, both in this many. */
export const CANDIDATES = 1_500
const FROM_THUNDER = 800
const FROM_BOTH = 100
/** Posts that are only shown by others: originals, quoted posts, parents. */
const SHOWN = 1_500
const AUTHORS = 400
const FOLLOWED = 200
const KEYWORDS = 20
const DIMENSION = 128
export const SLATE_SIZE = 200

/** Numbers in [0, 1), the same in every process. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const WORDS = (
  'the a of harbour boat evening music garden coffee train river question answer morning city ' +
  'photograph friend window paper market summer winter recipe mountain football election science'
).split(' ')

function createPosts(random: () => number): readonly PostRecord[] {
  const pick = (count: number) => Math.floor(random() * count)
  const textOf = () => Array.from({ length: 8 + pick(25) }, () => WORDS[pick(WORDS.length)])
  const base = (index: number, author: number) =>
    fixtures.post(1_000_000 + index, author, {
      createdAtMs: NOW_MS - 60_000 * (1 + pick(2_000)),
      text: textOf().join(' '),
      language: 'en',
    })
  const shown = Array.from({ length: SHOWN }, (_, index) => base(CANDIDATES + index, pick(AUTHORS)))
  const candidates = Array.from({ length: CANDIDATES }, (_, index): PostRecord => {
    const isFollowed = index < FROM_THUNDER
    const author = isFollowed ? pick(FOLLOWED) : FOLLOWED + pick(AUTHORS - FOLLOWED)
    const own = base(index, 10 + author)
    const kind = random()
    const other = shown[pick(SHOWN)]
    if (other === undefined || kind > 0.4) return own
    if (kind > 0.28) return { ...own, quotedPostId: other.id, quotedUserId: other.authorId }
    if (kind > 0.2) {
      return { ...own, repostOfPostId: other.id, repostOfUserId: other.authorId, text: other.text }
    }
    const replied = { replyToPostId: other.id, replyToUserId: other.authorId }
    return { ...own, ...replied, conversationId: other.id }
  })
  return [...candidates, ...shown]
}

const random = createRandom(7)
const POSTS = createPosts(random)
const CANDIDATE_POSTS = POSTS.slice(0, CANDIDATES)
const USERS = Array.from({ length: AUTHORS + 20 }, (_, index) => fixtures.user(index))
const MEDIA: readonly MediaRecord[] = POSTS.filter(() => random() < 0.4).map((post) =>
  random() < 0.25
    ? media(post, { kind: 'video', durationMs: 5_000 + random() * 60_000 })
    : media(post, { altText: 'a boat in the harbour at evening' }),
)

function mapOf<K, T>(rows: readonly T[], keyOf: (row: T) => K): ReadonlyMap<K, T> {
  return new Map(rows.map((row) => [keyOf(row), row]))
}

const postById = mapOf<PostId, PostRecord>(POSTS, ({ id }) => id)
const userById = mapOf<UserId, UserRecord>(USERS, ({ id }) => id)
const mediaByPost = new Map(MEDIA.map((each) => [each.postId, [each]]))
const NO_MEDIA: readonly MediaRecord[] = []
const NO_LABELS: readonly string[] = []
const COUNTS = { likes: 12, replies: 3, reposts: 2, quotes: 1, views: 100 }
const MODERATION = { labels: NO_LABELS, takedownCountries: NO_LABELS }

/** A fresh set, as each request has it; what nobody here reads comes from the tests' world. */
export function createBenchLoaders(): Loaders {
  const from = <K, V>(read: (key: K) => V) =>
    new BulkLoader<K, V>(async (keys) => keys.map(read), { readKeysMax: 5_000 })
  return {
    ...fixtures.loadersOf(),
    posts: from((id) => postById.get(id) ?? null),
    users: from((id) => userById.get(id) ?? null),
    media: from((id) => mediaByPost.get(id) ?? NO_MEDIA),
    engagementCounts: from(() => COUNTS),
    postModeration: from(() => MODERATION),
    userLabels: from(() => NO_LABELS),
  }
}

const numbers = (count: number, from: number) =>
  Array.from({ length: count }, (_, index) => from + index)

function createHistory(): readonly AggregatedAction[] {
  return Array.from({ length: 128 }, (_, index) => ({
    postId: postId(500_000 + index),
    authorId: userId(10 + (index % FOLLOWED)),
    actionIndexes: [index % 12],
    dwellSeconds: index % 30,
    surface: 0,
    actedAtMs: NOW_MS - (128 - index) * 3_600_000,
    postCreatedAtMs: NOW_MS - (130 - index) * 3_600_000,
  }))
}

const PROBABILITIES = Float32Array.from(
  { length: CANDIDATES * DISCRETE_ACTION_COUNT },
  () => random() ** 4 * 0.2,
)
const DWELL_SECONDS = Float32Array.from({ length: CANDIDATES }, () => random() * 30)
const rowById = new Map(CANDIDATE_POSTS.map(({ id }, index) => [id, index]))
const VECTORS = Float32Array.from({ length: CANDIDATES * DIMENSION }, () => random() - 0.5)

/** Neither model nor database: each answers at once, out of memory. */
export function createBenchDependencies(now: () => number): HomeFeedDependencies {
  const history = createHistory()
  const follows = numbers(FOLLOWED, 10).map(userId)
  const lists = {
    ...relations({ blocked: numbers(30, 9_000), muted: numbers(30, 9_100) }),
    mutedKeywords: numbers(KEYWORDS, 0).map((each) => fixtures.keyword(`unheard word ${each}`)),
  }
  const seen = numbers(500, 500_000).map(postId)
  return createDependencies({
    now,
    viewerStore: {
      ...viewerStore,
      actionSequence: async () => history,
      followedIds: async () => follows,
      followersAmong: async (_viewer, ids) => new Set(ids.filter((id) => Number(id) % 3 === 0)),
      relations: async () => lists,
      seen: async () => ({ postIds: seen, generations: [] }),
      servedHistory: async () => ({
        postIds: seen.slice(0, 100),
        authors: follows
          .slice(0, 50)
          .map((authorId) => ({ authorId, servedAtMs: NOW_MS - 600_000 })),
        requestTimesMs: [],
      }),
    },
    thunder: {
      recentPosts: () =>
        CANDIDATE_POSTS.slice(0, FROM_THUNDER).map((post) => ({ ...post, postId: post.id })),
    },
    retrieval: {
      retrieve: async () => ({
        posts: CANDIDATE_POSTS.slice(FROM_THUNDER - FROM_BOTH).map((post, index) => ({
          postId: post.id,
          authorId: post.authorId,
          createdAtMs: post.createdAtMs,
          similarity: 1 - index / CANDIDATES,
        })),
        modelVersion: 'bench',
      }),
    },
    ranking: {
      rank: async ({ candidates }) => ({
        probabilities: PROBABILITIES.subarray(0, candidates.length * DISCRETE_ACTION_COUNT),
        dwellSeconds: DWELL_SECONDS.subarray(0, candidates.length),
        modelVersion: 'bench',
      }),
    },
    embeddings: {
      async embed(posts) {
        const vectors = new Float32Array(posts.length * DIMENSION)
        posts.forEach(({ postId: id }, index) => {
          const row = (rowById.get(id) ?? Number(id) % CANDIDATES) * DIMENSION
          vectors.set(VECTORS.subarray(row, row + DIMENSION), index * DIMENSION)
        })
        return { vectors, dimension: DIMENSION, modelVersion: 'bench' }
      },
    },
    popular: { popularPosts: async () => [] },
    countsCache: new AgedCache(COUNTS_CACHE_PARAMS),
    // Every ask is the first: a refresh costs less.
    candidateCache: { get: async () => undefined, put: async () => undefined },
  })
}

export function createBenchQuery(): HomeFeedQuery {
  return createHomeFeedQuery({
    requestId: 'bench',
    viewerId: VIEWER,
    filter: EMPTY_FILTER,
    countryCode: null,
    languages: [],
    alsoSeenPostIds: new Set(),
    sessionServedPostIds: new Set(),
    slateSize: SLATE_SIZE,
    loaders: createBenchLoaders(),
  })
}
