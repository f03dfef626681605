import { expect, it } from 'vitest'
import type { StageListing } from '../../src/pipeline/framework/pipeline-config.ts'
import type {
  AnyFilter,
  AnyHydrator,
  AnyQueryHydrator,
  AnyScorer,
  Selector,
  SideEffect,
  Source,
} from '../../src/pipeline/framework/component.ts'
import type { CandidatePool } from '../../src/pipeline/cached-pool/candidate-cache.ts'
import { InProcessCandidateCache } from '../../src/pipeline/cached-pool/in-process-candidate-cache.ts'
import { poolKeyOf, viewerStateOf } from '../../src/pipeline/cached-pool/pool-key.ts'
import { HOME_FEED_PARAMS } from '../../src/pipeline/home-feed.params.ts'
import type { PostCandidate } from '../../src/pipeline/home-feed.candidate.ts'
import { createHomeFeedPipeline } from '../../src/pipeline/home-feed.pipeline.ts'
import { EMPTY_FILTER } from '../../src/pipeline/home-feed.query.ts'
import type { HomeFeedQuery } from '../../src/pipeline/home-feed.query.ts'
import { createRecheckPipeline } from '../../src/pipeline/recheck.pipeline.ts'
import type { RecheckQuery } from '../../src/pipeline/recheck.query.ts'
import { NO_AUTHOR_LISTS } from '../../src/pipeline/visibility/author-lists.ts'
import type { LoggedRequest } from '../../src/store/request-log/logged-request.ts'
import {
  createDependencies,
  JAZZ,
  now,
  POSTS,
  worldCandidates,
  worldQuery,
} from './contract-world.ts'
import { runComponentContract } from './framework/component-contract.ts'
import {
  bareCandidate,
  candidate,
  filledQuery,
  HOUR_MS,
  keyword,
  NOW_MS,
  post,
  postIds,
  reply,
  user,
  userId,
  userIds,
} from './home-feed-fixtures.ts'
import { row } from './score-fixtures.ts'
import { seenGeneration } from './store-fixtures.ts'

type Pipeline<Q> = { readonly stages: readonly StageListing<Q>[] }

const logged: LoggedRequest[] = []
const candidateCache = new InProcessCandidateCache({ postsMax: 10_000, now })
const dependencies = createDependencies({
  candidateCache,
  authorLists: { ...NO_AUTHOR_LISTS, notRecommendedAuthorIds: userIds(14) },
  requestLog: { write: async (request) => void logged.push(request) },
})
// Made anew for each test, so that mutation testing knows which tests see which component.
const homeFeed = () =>
  // What is off by default is on, so that it has something to do.
  createHomeFeedPipeline(dependencies, {
    ...HOME_FEED_PARAMS,
    newViewer: { ...HOME_FEED_PARAMS.newViewer, keepsFollowedTopicsOnly: true },
    newViewerEngagement: { ...HOME_FEED_PARAMS.newViewerEngagement, isOn: true },
  })
const recheck = () => createRecheckPipeline(dependencies)
const covered = new Set<string>()

/** The component as its pipeline has it. */
function find<Q, T>(pipeline: () => Pipeline<Q>, name: string): T {
  covered.add(name)
  const component = pipeline()
    .stages.flatMap(({ components }) => components)
    .find((each) => each.name === name)
  if (component === undefined) throw new Error(`${name} is in no stage`)
  return component as T
}

const ofJazz: Partial<HomeFeedQuery> = { filter: { ...EMPTY_FILTER, topics: [JAZZ] } }
const FOLLOWED = { id: JAZZ, expanded: new Set([JAZZ]), superExpanded: new Set([JAZZ]) }
const NO_COUNTS = { likes: 0, replies: 0, reposts: 0, quotes: 0, views: 0 }

const common = { nowMs: NOW_MS, opaque: ['loaders'] as const }
const filled =
  (more: Partial<HomeFeedQuery> = {}) =>
  () => ({
    ...worldQuery(),
    ...withoutLoaders(filledQuery(more)),
  })
const bareCandidates = () =>
  Object.values(POSTS).map((each) => ({
    ...bareCandidate(each),
    ancestorIds: each.replyToPostId === null ? [] : [each.replyToPostId],
  }))

function withoutLoaders({ loaders: _loaders, ...query }: HomeFeedQuery) {
  return query
}

for (const name of [
  'UserActionSequenceQueryHydrator',
  'FollowedIdsQueryHydrator',
  'ViewerRelationsQueryHydrator',
  'SeenPostsQueryHydrator',
  'ServedHistoryQueryHydrator',
]) {
  runComponentContract<HomeFeedQuery, PostCandidate>({
    ...common,
    kind: 'query-hydrator',
    name,
    component: () => find<HomeFeedQuery, AnyQueryHydrator<HomeFeedQuery>>(homeFeed, name),
    query: worldQuery,
    bareQuery: worldQuery,
  })
}

const enough = { followedIds: userIds(10, 11), subscribedIds: userIds(13) }
const pool: CandidatePool = {
  viewerState: viewerStateOf(filledQuery(enough)) ?? '',
  modelVersion: 'model-1',
  posts: Array.from({ length: HOME_FEED_PARAMS.cachedPool.postsMin }, (_, index) => ({
    ...bareCandidate(post(1_000 + index, 12)),
    probabilities: row({ favorite: 0.5 }),
    dwellSeconds: 2,
  })),
}
const poolKey = poolKeyOf(filledQuery(enough))
await candidateCache.put(poolKey, pool, HOME_FEED_PARAMS.cachedPool.ttlMs)
runComponentContract<HomeFeedQuery, PostCandidate>({
  ...common,
  kind: 'query-hydrator',
  name: 'CachedCandidatesQueryHydrator',
  component: () =>
    find<HomeFeedQuery, AnyQueryHydrator<HomeFeedQuery>>(homeFeed, 'CachedCandidatesQueryHydrator'),
  query: filled({ ...enough, cachedPool: undefined }),
  bareQuery: worldQuery,
})

runComponentContract<HomeFeedQuery, PostCandidate>({
  ...common,
  kind: 'source',
  name: 'CachedPostsSource',
  component: () =>
    find<HomeFeedQuery, Source<HomeFeedQuery, PostCandidate>>(homeFeed, 'CachedPostsSource'),
  query: filled({ cachedPool: pool }),
  bareQuery: worldQuery,
})

runComponentContract<HomeFeedQuery, PostCandidate>({
  ...common,
  kind: 'query-hydrator',
  name: 'TopicRulesQueryHydrator',
  component: () =>
    find<HomeFeedQuery, AnyQueryHydrator<HomeFeedQuery>>(homeFeed, 'TopicRulesQueryHydrator'),
  query: filled(ofJazz),
  bareQuery: worldQuery,
})

for (const name of ['ThunderSource', 'PhoenixRetrievalSource', 'PopularNowSource']) {
  runComponentContract<HomeFeedQuery, PostCandidate>({
    ...common,
    kind: 'source',
    name,
    component: () => find<HomeFeedQuery, Source<HomeFeedQuery, PostCandidate>>(homeFeed, name),
    query: filled({ followedIds: userIds(10, 11) }),
    bareQuery: worldQuery,
  })
}

runComponentContract<HomeFeedQuery, PostCandidate>({
  ...common,
  kind: 'source',
  name: 'PhoenixTopicsSource',
  component: () =>
    find<HomeFeedQuery, Source<HomeFeedQuery, PostCandidate>>(homeFeed, 'PhoenixTopicsSource'),
  query: filled(ofJazz),
  bareQuery: worldQuery,
})

for (const name of [
  'InNetworkHydrator',
  'CoreDataHydrator',
  'AuthorHydrator',
  'MediaHydrator',
  'SubscriptionHydrator',
  'EngagementCountsHydrator',
  'MutualFollowHydrator',
  'FollowingRepliedUsersHydrator',
  'TopicsHydrator',
]) {
  runComponentContract<HomeFeedQuery, PostCandidate>({
    ...common,
    kind: 'hydrator',
    name,
    component: () => find<HomeFeedQuery, AnyHydrator<HomeFeedQuery, PostCandidate>>(homeFeed, name),
    query: filled(enough),
    candidates: bareCandidates,
    bareQuery: worldQuery,
    bareCandidates,
  })
}
runComponentContract<HomeFeedQuery, PostCandidate>({
  ...common,
  kind: 'hydrator',
  name: 'VisibilityHydrator',
  component: () =>
    find<HomeFeedQuery, AnyHydrator<HomeFeedQuery, PostCandidate>>(homeFeed, 'VisibilityHydrator'),
  query: filled(enough),
  candidates: () => worldCandidates({ inNetwork: true }),
})

const filters: Readonly<Record<string, [Partial<HomeFeedQuery>, () => PostCandidate[]]>> = {
  DropDuplicatesFilter: [{}, () => [...worldCandidates(), candidate(POSTS.root)]],
  CoreDataFilter: [{}, () => [...worldCandidates(), candidate(post(99, 9), { core: null })]],
  AgeFilter: [
    {},
    () => [...worldCandidates(), candidate(post(99, 9, { createdAtMs: NOW_MS - 49 * HOUR_MS }))],
  ],
  SelfPostFilter: [{}, () => [...worldCandidates(), candidate(post(99, 1))]],
  OutOfNetworkKindFilter: [{}, () => worldCandidates({ inNetwork: false })],
  RequestFilter: [{ filter: { ...EMPTY_FILTER, excludeReplies: true } }, worldCandidates],
  RepostDeduplicationFilter: [{}, worldCandidates],
  IneligibleSubscriptionFilter: [
    {},
    () => [...worldCandidates(), candidate(post(99, 9), { subscriptionAuthorId: userId(9) })],
  ],
  PreviouslySeenFilter: [
    { seenPostIds: postIds(81), seenGenerations: [seenGeneration(83)] },
    worldCandidates,
  ],
  PreviouslyServedFilter: [{ servedPostIds: postIds(81) }, worldCandidates],
  MutedKeywordFilter: [{ mutedKeywords: [keyword('83')] }, worldCandidates],
  AuthorListsFilter: [{}, worldCandidates],
  AuthorSocialGraphFilter: [{ blockedIds: userIds(11) }, worldCandidates],
  TopicsFilter: [
    ofJazz,
    () => [...worldCandidates({ topicIds: [JAZZ] }), candidate(post(99, 9), { topicIds: [] })],
  ],
  FollowedTopicsFilter: [
    { topicRules: { wanted: [], unwanted: null, excluded: new Set(), followed: [FOLLOWED] } },
    () => [...worldCandidates({ inNetwork: true }), candidate(post(99, 9), { topicIds: [] })],
  ],
  LanguageFilter: [
    { languages: ['en'] },
    () => [...worldCandidates(), candidate(post(99, 9, { language: 'de' }))],
  ],
  NewViewerEngagementFilter: [
    { viewerAccount: user(1, { createdAtMs: NOW_MS }) },
    () => [
      ...worldCandidates({ inNetwork: true, engagementCounts: NO_COUNTS }),
      candidate(post(99, 9), { engagementCounts: null }),
    ],
  ],
  VisibilityFilter: [
    {},
    () => [
      candidate(POSTS.foreign),
      candidate(POSTS.root, { visibility: { action: 'allow', rule: null, labels: [] } }),
    ],
  ],
  AncillaryVisibilityFilter: [
    {},
    () => [
      candidate(POSTS.foreign, { ancillaryVisibility: [] }),
      candidate(POSTS.quote, {
        ancillaryVisibility: [{ role: 'quoted', action: 'drop', rule: 'spam', labels: [] }],
      }),
    ],
  ],
  ConversationFilter: [
    {},
    () => [...worldCandidates(), candidate(reply(99, 9, POSTS.root), { score: 1 })],
  ],
}
for (const [name, [fields, candidates]] of Object.entries(filters)) {
  runComponentContract<HomeFeedQuery, PostCandidate>({
    ...common,
    kind: 'filter',
    name,
    component: () => find<HomeFeedQuery, AnyFilter<HomeFeedQuery, PostCandidate>>(homeFeed, name),
    query: filled(fields),
    candidates,
    bareQuery: worldQuery,
    bareCandidates,
  })
}

const scored = () =>
  worldCandidates({ inNetwork: false }).map((each, index) => ({
    ...each,
    probabilities: row({ favorite: index / 10 }),
    weightedScore: 1 + index,
    scoredBy: 'phoenix' as const,
    score: 2 + index,
  }))
/** Enough for a sixteenth place, the last ones by small authors. */
const ranking = () =>
  Array.from({ length: 24 }, (_, index) =>
    candidate(post(500 + index, 20 + index), {
      weightedScore: 1 - index / 100,
      scoredBy: 'phoenix' as const,
      author: user(20 + index, { followersCount: index < 18 ? 5_000 : 10 }),
      engagementCounts: { likes: 0, replies: 0, reposts: 0, quotes: 0, views: 0 },
    }),
  )
const scorers: Readonly<Record<string, () => PostCandidate[]>> = {
  PhoenixScorer: worldCandidates,
  WeightedScorer: () =>
    worldCandidates({ probabilities: row({ reply: 0.5 }), videoDurationMs: 20_000 }),
  FallbackScorer: worldCandidates,
  ColdStartScorer: ranking,
  AuthorDiversityScorer: scored,
  OutOfNetworkScorer: scored,
  SlateDiversityScorer: scored,
}
for (const [name, candidates] of Object.entries(scorers)) {
  runComponentContract<HomeFeedQuery, PostCandidate>({
    ...common,
    kind: 'scorer',
    name,
    component: () => find<HomeFeedQuery, AnyScorer<HomeFeedQuery, PostCandidate>>(homeFeed, name),
    query: filled(enough),
    candidates,
    bareQuery: worldQuery,
    bareCandidates,
  })
}

runComponentContract<HomeFeedQuery, PostCandidate>({
  ...common,
  kind: 'selector',
  name: 'TopKSelector',
  component: () =>
    find<HomeFeedQuery, Selector<HomeFeedQuery, PostCandidate>>(homeFeed, 'TopKSelector'),
  query: filled(),
  candidates: scored,
  bareCandidates,
})

runComponentContract<HomeFeedQuery, PostCandidate>({
  ...common,
  kind: 'side-effect',
  name: 'RequestCacheSideEffect',
  component: () =>
    find<HomeFeedQuery, SideEffect<HomeFeedQuery, PostCandidate>>(
      homeFeed,
      'RequestCacheSideEffect',
    ),
  query: filled(),
  candidates: scored,
  effect: () => dependencies.requestCache.get('request') ?? null,
})

runComponentContract<HomeFeedQuery, PostCandidate>({
  ...common,
  kind: 'side-effect',
  name: 'RequestLogSideEffect',
  component: () =>
    find<HomeFeedQuery, SideEffect<HomeFeedQuery, PostCandidate>>(homeFeed, 'RequestLogSideEffect'),
  query: filled(),
  candidates: scored,
  effect: () => [...logged],
})
runComponentContract<HomeFeedQuery, PostCandidate>({
  ...common,
  kind: 'side-effect',
  name: 'PostCandidateCacheSideEffect',
  component: () =>
    find<HomeFeedQuery, SideEffect<HomeFeedQuery, PostCandidate>>(
      homeFeed,
      'PostCandidateCacheSideEffect',
    ),
  query: filled({ countryCode: 'de', filter: { ...EMPTY_FILTER, inNetworkOnly: true } }),
  candidates: () => scored().map((each) => ({ ...each, modelVersion: 'model-1' })),
  effect: () => candidateCache.postCount,
})

runComponentContract<RecheckQuery, PostCandidate>({
  ...common,
  kind: 'source',
  name: 'RankedSource',
  component: () => find<RecheckQuery, Source<RecheckQuery, PostCandidate>>(recheck, 'RankedSource'),
  query: () => ({ ...worldQuery(), ranked: scored() }),
  bareQuery: () => ({ ...worldQuery(), ranked: bareCandidates() }),
})

// It neither orders nor cuts: its own test says so, the contract's selector case wants a choice.
covered.add('AsRankedSelector')

it('runs every component of both pipelines', () => {
  const names = [homeFeed(), recheck()].flatMap(({ stages }) =>
    stages.flatMap(({ components }) => components.map(({ name }) => name)),
  )
  expect([...covered].toSorted()).toEqual([...new Set(names)].toSorted())
})
