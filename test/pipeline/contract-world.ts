import { DISCRETE_ACTION_COUNT } from '../../src/gen/actions.ts'
import type { EmbeddingClient } from '../../src/phoenix/embedding-client.ts'
import type { RankingClient } from '../../src/phoenix/ranking-client.ts'
import type { RetrievalClient } from '../../src/phoenix/retrieval-client.ts'
import { createPrompts } from '../../src/pipeline/blending/prompts.ts'
import type { Prompt } from '../../src/pipeline/blending/prompts.ts'
import { AgedCache } from '../../src/pipeline/framework/aged-cache.ts'
import { InProcessCandidateCache } from '../../src/pipeline/cached-pool/in-process-candidate-cache.ts'
import type { PostCandidate } from '../../src/pipeline/home-feed.candidate.ts'
import type { HomeFeedDependencies } from '../../src/pipeline/home-feed.dependencies.ts'
import { RequestCache } from '../../src/pipeline/request-cache.ts'
import { createSafetyMemory } from '../../src/pipeline/safety-memory.ts'
import type { ModuleStore } from '../../src/store/module-store.ts'
import type { PopularPosts } from '../../src/store/popular-posts.ts'
import type { PostRecord, TopicRecord } from '../../src/store/records.ts'
import type { Thunder } from '../../src/thunder/thunder.ts'
import {
  bareQuery,
  candidate,
  loadersOf,
  NOW_MS,
  post,
  postId,
  quote,
  reply,
  repost,
  topicId,
  user,
  userId,
} from './home-feed-fixtures.ts'
import type { World } from './home-feed-fixtures.ts'
import { media } from './media-fixtures.ts'
import { relations, seenGeneration } from './store-fixtures.ts'

/** A small world in which every component has something to do. Viewer 1 follows 10 and 11. */
const root = post(80, 10)
const quoted = post(81, 11)
export const POSTS = {
  root,
  quoted,
  reply: reply(82, 11, root),
  quote: quote(83, 12, quoted),
  repost: repost(84, 10, post(85, 13, { subscribersOnly: true })),
  original: post(85, 13, { subscribersOnly: true }),
  foreign: post(86, 14),
} as const

export const JAZZ = topicId(1)
export const TOPICS: readonly TopicRecord[] = [
  { id: JAZZ, name: 'jazz' },
  { id: topicId(2), name: 'Food' },
  { id: topicId(3), name: 'cooking' },
]

export const WORLD: World = {
  posts: Object.values(POSTS),
  users: [1, 10, 11, 12, 13, 14].map((id) => user(id)),
  media: [media(quoted, { kind: 'video', durationMs: 30_000, altText: 'a boat' })],
  counts: { '80': { likes: 4, replies: 1, reposts: 0, quotes: 0, views: 0 } },
  moderation: { '86': { labels: ['spam'] } },
  postTopics: { '80': [topicId(3)], '86': [JAZZ] },
  topics: TOPICS,
}

export const now = () => NOW_MS

export const worldQuery = () => bareQuery(loadersOf(WORLD))

/** Ranks by id: a post's share of 1,000 is its `favorite`, nothing else is likely. */
export const ranking: RankingClient = {
  async rank({ candidates }) {
    const probabilities = new Float32Array(candidates.length * DISCRETE_ACTION_COUNT)
    candidates.forEach(({ postId: id }, index) => {
      probabilities[index * DISCRETE_ACTION_COUNT] = Number(id) / 1_000
    })
    return {
      probabilities,
      dwellSeconds: new Float32Array(candidates.length),
      modelVersion: 'model-1',
    }
  },
}

export const retrieval: RetrievalClient = {
  retrieve: async () => ({
    posts: [POSTS.quote, POSTS.quoted, POSTS.foreign].map((each, index) => ({
      postId: each.id,
      authorId: each.authorId,
      createdAtMs: each.createdAtMs,
      similarity: 0.9 - index / 10,
    })),
    modelVersion: 'model-1',
  }),
}

/** Every post points its own way. */
export const embeddings: EmbeddingClient = {
  async embed(posts) {
    const dimension = 16
    const vectors = new Float32Array(posts.length * dimension)
    posts.forEach(({ postId: id }, index) => (vectors[index * dimension + (Number(id) % 16)] = 1))
    return { vectors, dimension, modelVersion: 'model-1' }
  },
}

/** Suggests those whom nobody in the world follows; nothing was shown before. */
export const modules: ModuleStore = {
  moduleHistory: async () => ({
    servedAtMs: new Map(),
    suggestedIds: [userId(7)],
    followsNobody: false,
  }),
  suggestedAccounts: async ({ excludedIds }) =>
    [14, 13, 7]
      .filter((id) => !excludedIds.includes(userId(id)))
      .map((id) => ({ account: user(id), labels: [], friendCount: 2, peerCount: 0 })),
}

/** Nothing stands between posts. */
export const NO_MODULES = {
  modules: {
    moduleHistory: async () => ({
      servedAtMs: new Map(),
      suggestedIds: [],
      followsNobody: false,
    }),
    suggestedAccounts: async () => [],
  },
  prompts: createPrompts([]),
} satisfies Partial<HomeFeedDependencies>

export const PROMPT: Prompt = {
  name: 'welcome',
  title: 'Welcome',
  body: null,
  action: null,
  showTo: 'EVERYBODY',
  fatigueMs: 60_000,
}

/** Post 86 is about jazz; 80 about cooking, for which food stands too. */
export const topics: HomeFeedDependencies['topics'] = {
  topics: async () => TOPICS,
  recentPostIds: async (topicIds) => [POSTS.foreign.id].filter(() => topicIds.includes(JAZZ)),
}

export const popular: PopularPosts = {
  popularPosts: async () =>
    [POSTS.foreign, POSTS.quoted].map((each) => ({ ...each, postId: each.id })),
}

/** Answers what followed authors wrote, newest id first. */
export const thunder: Thunder = {
  recentPosts: ({ authorIds, excludedPostIds }) =>
    Object.values(POSTS)
      .filter(({ id, authorId }) => authorIds.includes(authorId) && !excludedPostIds.has(id))
      .map((each) => ({ ...each, postId: each.id }))
      .toReversed(),
}

export const viewerStore: HomeFeedDependencies['viewerStore'] = {
  actionSequence: async () => [
    {
      postId: postId(80),
      authorId: userId(10),
      actionIndexes: [0],
      dwellSeconds: 2,
      surface: 0,
      actedAtMs: NOW_MS - 1_000,
      postCreatedAtMs: NOW_MS - 2_000,
    },
  ],
  followedIds: async () => [userId(11), userId(10)],
  followersAmong: async (_viewerId, userIds) => new Set(userIds.filter((id) => id === userId(10))),
  relations: async () => relations({ blocked: [66], subscribed: [13] }),
  seen: async () => ({ postIds: [postId(1)], generations: [seenGeneration(3)] }),
  servedHistory: async () => ({
    postIds: [postId(2)],
    authors: [],
    requestTimesMs: [NOW_MS - 60_000],
  }),
}

export function createDependencies(more: Partial<HomeFeedDependencies> = {}): HomeFeedDependencies {
  return {
    viewerStore,
    thunder,
    retrieval,
    ranking,
    embeddings,
    popular,
    modules,
    prompts: createPrompts([PROMPT]),
    countsCache: new AgedCache({ entriesMax: 100 }),
    topics,
    safetyMemory: createSafetyMemory({ now }),
    requestCache: new RequestCache({ ttlMs: 60_000, requestsMax: 10, now }),
    requestLog: { write: async () => undefined },
    candidateCache: new InProcessCandidateCache({ postsMax: 10_000, now }),
    now,
    ...more,
  }
}

/** Hydrated candidates, one of each kind. */
export function worldCandidates(more: Partial<PostCandidate> = {}): PostCandidate[] {
  return Object.values(POSTS).map((each) => candidate(each, { ...relatedOf(each), ...more }))
}

function relatedOf({ repostOfPostId, quotedPostId, replyToPostId }: PostRecord) {
  return {
    related: {
      original: repostOfPostId === null ? null : POSTS.original,
      quoted: quotedPostId === null ? null : POSTS.quoted,
      parent: replyToPostId === null ? null : POSTS.root,
      root: null,
    },
  }
}
