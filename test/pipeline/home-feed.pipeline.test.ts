import { expect, it } from 'vitest'
import { describe as describePipeline } from '../../src/pipeline/framework/describe.ts'
import { createHomeFeedPipeline } from '../../src/pipeline/home-feed.pipeline.ts'
import { createRecheckPipeline } from '../../src/pipeline/recheck.pipeline.ts'
import { createDependencies } from './contract-world.ts'

const rowsOf = (pipeline: Parameters<typeof describePipeline>[0]) =>
  describePipeline(pipeline).map(({ stage, name, failurePolicy, budgetMs }) =>
    [stage, name, failurePolicy, budgetMs ?? '-'].join(' '),
  )

it('runs its components in this order', () => {
  expect(rowsOf(createHomeFeedPipeline(createDependencies()))).toMatchInlineSnapshot(`
    [
      "query-hydrator UserActionSequenceQueryHydrator fail-open 300",
      "query-hydrator FollowedIdsQueryHydrator replace 350",
      "query-hydrator ViewerRelationsQueryHydrator fail-closed 350",
      "query-hydrator SeenPostsQueryHydrator fail-open 300",
      "query-hydrator ServedHistoryQueryHydrator fail-open 300",
      "dependent-query-hydrator CachedCandidatesQueryHydrator fail-open 300",
      "dependent-query-hydrator TopicRulesQueryHydrator fail-open 400",
      "source ThunderSource replace 300",
      "source PhoenixRetrievalSource replace 200",
      "source PhoenixTopicsSource replace 400",
      "source PopularNowSource fail-open 300",
      "source CachedPostsSource fail-open 1000",
      "hydrator InNetworkHydrator fail-open 1000",
      "hydrator MutualFollowHydrator fail-open 300",
      "hydrator CoreDataHydrator fail-closed 600",
      "hydrator AuthorHydrator fail-open 600",
      "hydrator MediaHydrator fail-open 400",
      "hydrator SubscriptionHydrator fail-closed 600",
      "hydrator EngagementCountsHydrator fail-open 400",
      "hydrator FollowingRepliedUsersHydrator fail-open 1000",
      "hydrator TopicsHydrator fail-open 400",
      "filter DropDuplicatesFilter fail-open -",
      "filter CoreDataFilter fail-closed -",
      "filter AgeFilter fail-open -",
      "filter SelfPostFilter fail-open -",
      "filter OutOfNetworkKindFilter fail-open -",
      "filter RequestFilter fail-open -",
      "filter RepostDeduplicationFilter fail-open -",
      "filter IneligibleSubscriptionFilter fail-closed -",
      "filter PreviouslySeenFilter fail-open -",
      "filter PreviouslyServedFilter fail-open -",
      "filter MutedKeywordFilter fail-closed -",
      "filter AuthorSocialGraphFilter fail-closed -",
      "filter AuthorListsFilter fail-closed -",
      "filter TopicsFilter fail-open -",
      "filter FollowedTopicsFilter fail-open -",
      "filter LanguageFilter fail-open -",
      "filter NewViewerEngagementFilter fail-open -",
      "scorer PhoenixScorer replace 800",
      "scorer WeightedScorer fail-open 1000",
      "scorer FallbackScorer fail-open 1000",
      "scorer ColdStartScorer fail-open 1000",
      "scorer AuthorDiversityScorer fail-open 1000",
      "scorer OutOfNetworkScorer fail-open 1000",
      "scorer SlateDiversityScorer replace 150",
      "selector TopKSelector fail-open -",
      "post-selection-hydrator VisibilityHydrator fail-closed 300",
      "post-selection-filter VisibilityFilter fail-closed -",
      "post-selection-filter AncillaryVisibilityFilter fail-closed -",
      "post-selection-filter ConversationFilter fail-open -",
      "side-effect RequestCacheSideEffect fail-open 5000",
      "side-effect RequestLogSideEffect fail-open 5000",
      "side-effect PostCandidateCacheSideEffect fail-open 5000",
    ]
  `)
})

it('judges a later page by the same rules', () => {
  const homeFeed = rowsOf(createHomeFeedPipeline(createDependencies()))
  const recheck = rowsOf(createRecheckPipeline(createDependencies()))
  const own = ['source RankedSource fail-open 1000', 'selector AsRankedSelector fail-open -']
  expect(recheck.filter((row) => !own.includes(row)).every((row) => homeFeed.includes(row))).toBe(
    true,
  )
  const failClosed = homeFeed.filter((row) => row.includes('fail-closed'))
  expect(failClosed.filter((row) => !recheck.includes(row))).toEqual([])
})

it('describes the numbers that decide', () => {
  const rows = describePipeline(createHomeFeedPipeline(createDependencies()))
  const paramsOf = (name: string) => rows.find((row) => row.name === name)?.params
  expect(paramsOf('AgeFilter')).toEqual({ ageMsMax: 172_800_000 })
  expect(paramsOf('ThunderSource')).toEqual({ postsMax: 1_200 })
  expect(paramsOf('AuthorDiversityScorer')).toEqual({ decay: 0.5, floor: 0.25 })
  expect(paramsOf('WeightedScorer')).toMatchObject({ favorite: 0.5, replyWeightBoost: 15 })
})
