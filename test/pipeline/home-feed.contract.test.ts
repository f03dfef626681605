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
import { createDependencies, now, POSTS, worldCandidates, worldQuery } from './contract-world.ts'
import { filterInputs, OF_JAZZ, scored, scorerInputs } from './contract-inputs.ts'
import { runComponentContract } from './framework/component-contract.ts'
import { bareCandidate, filledQuery, NOW_MS, post, userIds } from './home-feed-fixtures.ts'
import { row } from './score-fixtures.ts'

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
    newViewerEngagement: { ...HOME_FEED_PARAMS.newViewerEngagement, isOn: true, threshold: 1 },
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
  query: filled(OF_JAZZ),
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
  query: filled(OF_JAZZ),
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
    query: filled({ ...OF_JAZZ, ...enough }),
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

for (const [name, [fields, candidates]] of Object.entries(filterInputs)) {
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

for (const [name, candidates] of Object.entries(scorerInputs)) {
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
