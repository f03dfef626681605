import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ActionName } from '../../../src/gen/actions.ts'
import { DISCRETE_ACTION_COUNT } from '../../../src/gen/actions.ts'
import type { HomeFeedDependencies } from '../../../src/pipeline/home-feed.dependencies.ts'
import { createHomeFeedQuery, EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import type { EngagementCounts, PostRecord } from '../../../src/store/records.ts'
import { createDependencies } from '../contract-world.ts'
import { keyword, loadersOf, post, postId, user, userId, userIds } from '../home-feed-fixtures.ts'
import { media } from '../media-fixtures.ts'
import { row } from '../score-fixtures.ts'
import { relations } from '../store-fixtures.ts'

type RecordedPost = {
  readonly id: string
  readonly authorId: string
  readonly ageMs: number
} & Partial<Omit<PostRecord, 'id' | 'authorId' | 'createdAtMs'>>

/** `world.json`: one request, and all that stores and models said to it. */
interface RecordedWorld {
  readonly nowMs: number
  readonly slateSize: number
  readonly viewer: {
    readonly id: string
    readonly follows: readonly string[]
    readonly followedBackBy: readonly string[]
    readonly blocks: readonly string[]
    readonly mutedWord: string
    readonly seen: readonly string[]
    readonly served: readonly string[]
    readonly servedAuthors: readonly { readonly authorId: string; readonly agoMs: number }[]
  }
  readonly followers: Readonly<Record<string, number>>
  readonly posts: readonly RecordedPost[]
  /** Durations in ms. */
  readonly videos: Readonly<Record<string, number>>
  readonly counts: Readonly<Record<string, EngagementCounts>>
  readonly labels: Readonly<Record<string, readonly string[]>>
  readonly thunder: readonly string[]
  readonly retrieval: readonly string[]
  /** By judged post. */
  readonly ranking: Readonly<Record<string, Partial<Record<ActionName | 'dwellSeconds', number>>>>
  /** Each vector is a unit axis; the same axis = the same content. */
  readonly axes: Readonly<Record<string, number>>
}

export const WORLD = JSON.parse(
  readFileSync(join(import.meta.dirname, 'world.json'), 'utf8'),
) as RecordedWorld

const DIMENSION = 16
const { nowMs, viewer } = WORLD

const POSTS = WORLD.posts.map(({ id, authorId, ageMs, ...more }) =>
  post(Number(id), Number(authorId), { createdAtMs: nowMs - ageMs, ...more }),
)

function recordOf(id: string): PostRecord {
  const found = POSTS.find((each) => each.id === id)
  if (found === undefined) throw new Error(`the world has no post ${id}`)
  return found
}

const numbers = (ids: readonly string[]) => ids.map(Number)

/** The request. */
export function recordedQuery() {
  return createHomeFeedQuery({
    requestId: 'recorded',
    viewerId: userId(viewer.id),
    filter: EMPTY_FILTER,
    countryCode: null,
    languages: [],
    alsoSeenPostIds: new Set(),
    sessionServedPostIds: new Set(),
    slateSize: WORLD.slateSize,
    loaders: loadersOf({
      posts: POSTS,
      users: Object.entries(WORLD.followers).map(([id, followersCount]) =>
        user(Number(id), { followersCount }),
      ),
      media: Object.entries(WORLD.videos).map(([id, durationMs]) =>
        media(recordOf(id), { kind: 'video', durationMs }),
      ),
      counts: WORLD.counts,
      moderation: Object.fromEntries(
        Object.entries(WORLD.labels).map(([id, labels]) => [id, { labels }]),
      ),
    }),
  })
}

/** All that answers it. */
export function recordedDependencies(
  more: Partial<HomeFeedDependencies> = {},
): HomeFeedDependencies {
  return createDependencies({
    now: () => nowMs,
    viewerStore: {
      ...createDependencies().viewerStore,
      actionSequence: async () => [],
      followedIds: async () => viewer.follows.map(userId),
      followersAmong: async () => userIds(...numbers(viewer.followedBackBy)),
      relations: async () => ({
        ...relations({ blocked: numbers(viewer.blocks) }),
        mutedKeywords: [keyword(viewer.mutedWord)],
        account: user(1, { followersCount: WORLD.followers['1'] ?? 0 }),
      }),
      seen: async () => ({ postIds: viewer.seen.map(postId), generations: [] }),
      servedHistory: async () => ({
        postIds: viewer.served.map(postId),
        authors: viewer.servedAuthors.map(({ authorId, agoMs }) => ({
          authorId: userId(authorId),
          servedAtMs: nowMs - agoMs,
        })),
        requestTimesMs: [],
      }),
    },
    thunder: {
      recentPosts: () => WORLD.thunder.map((id) => ({ ...recordOf(id), postId: postId(id) })),
    },
    retrieval: {
      retrieve: async () => ({
        posts: WORLD.retrieval.map(recordOf).map(({ id, authorId, createdAtMs }) => ({
          postId: id,
          authorId,
          createdAtMs,
          similarity: 0.5,
        })),
        modelVersion: 'recorded-model',
      }),
    },
    ranking: { rank: async ({ candidates }) => rank(candidates.map((each) => each.postId)) },
    embeddings: { embed: async (posts) => embed(posts.map((each) => each.postId)) },
    ...more,
  })
}

function rank(ids: readonly string[]) {
  const probabilities = new Float32Array(ids.length * DISCRETE_ACTION_COUNT)
  const dwellSeconds = new Float32Array(ids.length)
  ids.forEach((id, index) => {
    const { dwellSeconds: seconds, ...heads } = WORLD.ranking[id] ?? {}
    probabilities.set(row(heads), index * DISCRETE_ACTION_COUNT)
    dwellSeconds[index] = seconds ?? Number.NaN
  })
  return { probabilities, dwellSeconds, modelVersion: 'recorded-model' }
}

function embed(ids: readonly string[]) {
  const vectors = new Float32Array(ids.length * DIMENSION)
  ids.forEach((id, index) => (vectors[index * DIMENSION + (WORLD.axes[id] ?? 15)] = 1))
  return { vectors, dimension: DIMENSION, modelVersion: 'recorded-model' }
}
