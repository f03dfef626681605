import DataLoader from 'dataloader'
import { DISCRETE_ACTION_COUNT } from '../../../src/gen/actions.ts'
import type { PostId, UserId } from '../../../src/ids.ts'
import { InProcessCandidateCache } from '../../../src/pipeline/cached-pool/in-process-candidate-cache.ts'
import { AgedCache } from '../../../src/pipeline/framework/aged-cache.ts'
import { createHomeFeed } from '../../../src/pipeline/home-feed.ts'
import type { HomeFeedDependencies } from '../../../src/pipeline/home-feed.dependencies.ts'
import { EMPTY_FILTER } from '../../../src/pipeline/home-feed.query.ts'
import type { HomeFeedRequest } from '../../../src/pipeline/home-feed.query.ts'
import { RequestCache } from '../../../src/pipeline/request-cache.ts'
import { LastKnownGood } from '../../../src/pipeline/last-known-good.ts'
import { LAST_KNOWN_GOOD_PARAMS } from '../../../src/pipeline/process.params.ts'
import type { SafetyMemory } from '../../../src/pipeline/safety-memory.ts'
import type { ViewerFacts } from '../../../src/pipeline/visibility/viewer-facts.ts'
import type { Loaders } from '../../../src/store/loaders.ts'
import type { EngagementCounts } from '../../../src/store/records.ts'
import { NO_MODULES } from '../contract-world.ts'
import { NOW_MS, searchTexts } from '../home-feed-fixtures.ts'
import type { SafetyWorld } from './safety-world.ts'

/** Everything that a request asks, by name. */
export const PARTS = [
  'actionSequence',
  'followedIds',
  'followersAmong',
  'relations',
  'seen',
  'servedHistory',
  'topicTable',
  'thunder',
  'retrieval',
  'ranking',
  'embeddings',
  'popular',
  'posts',
  'users',
  'media',
  'engagementCounts',
  'postTopics',
  'postModeration',
  'userLabels',
] as const

export type Part = (typeof PARTS)[number]

/** One part that does not answer as it should. */
export interface Fault {
  readonly part: Part
  readonly how: 'fails' | 'hangs'
}

/** What the parts answer from; a test puts another world or fault in its place. */
export interface SafetyState {
  world: SafetyWorld
  fault: Fault | null
}

/** What stands in for each of these is what was true at the last good request. */
export const REMEMBERED: Readonly<
  Partial<Record<Part, (before: SafetyWorld) => Partial<SafetyWorld>>>
> = {
  relations: ({ blocks, mutes, mutedReposts, subscriptions, keywords, accounts }) => ({
    ...{ blocks, mutes, mutedReposts, subscriptions, keywords, accounts },
  }),
  followedIds: ({ follows }) => ({ follows }),
  postModeration: ({ moderation }) => ({ moderation }),
  userLabels: ({ userLabels }) => ({ userLabels }),
}

const NO_COUNTS: EngagementCounts = { likes: 0, replies: 0, reposts: 0, quotes: 0, views: 0 }

/** The real home feed over a world, with sources that bring every post there ever was. */
export function createSafetyFeed(
  state: SafetyState,
  now: () => number,
  others: Partial<HomeFeedDependencies> = {},
) {
  const dependencies = { ...createDependencies(state, now), ...others }
  return { homeFeed: createHomeFeed(dependencies), viewerStore: dependencies.viewerStore }
}

export type SafetyFeed = ReturnType<typeof createSafetyFeed>

/** What the rules know of a viewer where a post is asked for by its id. */
export async function factsOf(state: SafetyState, viewerId: UserId): Promise<ViewerFacts> {
  const store = createViewerStore(state)
  return {
    ...(await store.relations(viewerId, NOW_MS)),
    viewerId,
    followedIds: new Set(await store.followedIds(viewerId)),
    countryCode: state.world.countries.get(viewerId) ?? null,
    nowMs: NOW_MS,
    authorLists: state.world.lists,
  }
}

export function requestOf(state: SafetyState, viewerId: UserId): HomeFeedRequest {
  return {
    requestId: `request of ${viewerId}`,
    viewerId,
    filter: EMPTY_FILTER,
    countryCode: state.world.countries.get(viewerId) ?? null,
    languages: [],
    alsoSeenPostIds: new Set(),
    sessionServedPostIds: new Set(),
    slateSize: 500,
    loaders: createLoaders(state),
  }
}

export function createLoaders(state: SafetyState): Loaders {
  const loader = <K, V>(part: Part, read: (world: SafetyWorld, key: K) => V) =>
    new DataLoader<K, V>((keys) =>
      answer(state, part, (world) => keys.map((key) => read(world, key))),
    )
  const none = { labels: [], takedownCountries: [] }
  return {
    posts: loader('posts', ({ posts }, id: PostId) => posts.get(id) ?? null),
    users: loader('users', ({ users }, id: UserId) => users.get(id) ?? null),
    usersByHandle: new DataLoader(async (handles: readonly string[]) => handles.map(() => null)),
    media: loader('media', ({ media }, id: PostId) => media.get(id) ?? []),
    engagementCounts: loader('engagementCounts', () => NO_COUNTS),
    postTopics: loader('postTopics', () => []),
    topics: loader('topicTable', () => null),
    authorServed: new DataLoader(async (ids: readonly UserId[]) => ids.map(() => [])),
    postModeration: loader(
      'postModeration',
      (world, id: PostId) => world.moderation.get(id) ?? none,
    ),
    userLabels: loader('userLabels', (world, id: UserId) => world.userLabels.get(id) ?? []),
  }
}

async function answer<T>(
  { world, fault }: SafetyState,
  part: Part,
  read: (world: SafetyWorld) => T,
): Promise<T> {
  if (fault?.part === part && fault.how === 'hangs') await new Promise(() => undefined)
  if (fault?.part === part) throw new Error(`${part} is down`)
  return read(world)
}

function createDependencies(state: SafetyState, now: () => number): HomeFeedDependencies {
  return {
    viewerStore: createViewerStore(state),
    thunder: {
      recentPosts({ authorIds, excludedPostIds }) {
        if (state.fault?.part === 'thunder') throw new Error('thunder is down')
        const followed = new Set(authorIds)
        return state.world.everyPost
          .filter(({ id, authorId }) => followed.has(authorId) && !excludedPostIds.has(id))
          .map((each) => ({ ...each, postId: each.id }))
      },
    },
    retrieval: {
      retrieve: () =>
        answer(state, 'retrieval', ({ everyPost }) => ({
          posts: everyPost.map((each) => ({ ...each, postId: each.id, similarity: 0.5 })),
          modelVersion: 'm',
        })),
    },
    ...NO_MODULES,
    ranking: {
      rank: ({ candidates }) =>
        answer(state, 'ranking', () => ({
          probabilities: Float32Array.from(
            { length: candidates.length * DISCRETE_ACTION_COUNT },
            (_, index) => ((index * 7_919) % 97) / 1_000,
          ),
          dwellSeconds: new Float32Array(candidates.length),
          modelVersion: 'm',
        })),
    },
    embeddings: {
      embed: (posts) =>
        answer(state, 'embeddings', () => ({
          vectors: Float32Array.from({ length: posts.length * 4 }, (_, index) => Math.sin(index)),
          dimension: 4,
          modelVersion: 'm',
        })),
    },
    popular: {
      popularPosts: () =>
        answer(state, 'popular', ({ everyPost }) =>
          everyPost.map((each) => ({ ...each, postId: each.id })),
        ),
    },
    topics: {
      topics: () => answer(state, 'topicTable', () => []),
      recentPostIds: () => answer(state, 'topicTable', () => []),
    },
    countsCache: new AgedCache({ entriesMax: 1_000 }),
    requestLog: { write: async () => undefined },
    candidateCache: new InProcessCandidateCache({ postsMax: 1_000, now }),
    safetyMemory: createSmallMemory(now),
    searchTexts: searchTexts(),
    requestCache: new RequestCache({ ttlMs: 1, requestsMax: 1, now }),
    authorLists: state.world.lists,
    now,
  }
}

/** Of the real ages; the real sizes would cost more than the requests. */
function createSmallMemory(now: () => number): SafetyMemory {
  const options = { ageMsMax: LAST_KNOWN_GOOD_PARAMS.ageMsMax, entriesMax: 1_000, now }
  return {
    follows: new LastKnownGood(options),
    relations: new LastKnownGood(options),
    postModeration: new LastKnownGood(options),
    userLabels: new LastKnownGood(options),
  }
}

function createViewerStore(state: SafetyState): HomeFeedDependencies['viewerStore'] {
  const listOf = (graph: SafetyWorld['follows'], id: UserId) => new Set(graph.get(id))
  return {
    actionSequence: () => answer(state, 'actionSequence', () => []),
    followedIds: (id) => answer(state, 'followedIds', ({ follows }) => [...listOf(follows, id)]),
    followersAmong: (id, ids) =>
      answer(
        state,
        'followersAmong',
        ({ follows }) => new Set(ids.filter((each) => follows.get(each)?.has(id))),
      ),
    relations: (id) =>
      answer(state, 'relations', (world) => ({
        blockedIds: listOf(world.blocks, id),
        blockedByIds: new Set([...world.blocks].filter(([, to]) => to.has(id)).map(([by]) => by)),
        mutedIds: listOf(world.mutes, id),
        mutedRepostIds: listOf(world.mutedReposts, id),
        subscribedIds: listOf(world.subscriptions, id),
        followedTopicIds: [],
        mutedKeywords: world.keywords.get(id) ?? [],
        account: world.accounts.get(id) ?? null,
      })),
    seen: () => answer(state, 'seen', () => ({ postIds: [], generations: [] })),
    servedHistory: () =>
      answer(state, 'servedHistory', () => ({ postIds: [], authors: [], requestTimesMs: [] })),
  }
}
