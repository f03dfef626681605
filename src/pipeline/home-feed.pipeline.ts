import { ageFilter } from './filters/age.filter.ts'
import { authorSocialGraphFilter } from './filters/author-social-graph.filter.ts'
import { conversationFilter } from './filters/conversation.filter.ts'
import { coreDataFilter } from './filters/core-data.filter.ts'
import { dropDuplicatesFilter } from './filters/drop-duplicates.filter.ts'
import { ineligibleSubscriptionFilter } from './filters/ineligible-subscription.filter.ts'
import { mutedKeywordFilter } from './filters/muted-keyword.filter.ts'
import { previouslySeenFilter } from './filters/previously-seen.filter.ts'
import { previouslyServedFilter } from './filters/previously-served.filter.ts'
import { repostDeduplicationFilter } from './filters/repost-deduplication.filter.ts'
import { requestFilter } from './filters/request.filter.ts'
import { selfPostFilter } from './filters/self-post.filter.ts'
import { visibilityFilter } from './filters/visibility.filter.ts'
import { createCandidatePipeline } from './framework/candidate-pipeline.ts'
import type { CandidatePipeline } from './framework/candidate-pipeline.ts'
import { foldCopies } from './framework/merge.ts'
import type { PostCandidate } from './home-feed.candidate.ts'
import type { HomeFeedDependencies } from './home-feed.dependencies.ts'
import * as params from './home-feed.params.ts'
import type { HomeFeedQuery } from './home-feed.query.ts'
import { authorHydrator } from './hydrators/author.hydrator.ts'
import { coreDataHydrator } from './hydrators/core-data.hydrator.ts'
import { engagementCountsHydrator } from './hydrators/engagement-counts.hydrator.ts'
import { inNetworkHydrator } from './hydrators/in-network.hydrator.ts'
import { mediaHydrator } from './hydrators/media.hydrator.ts'
import { subscriptionHydrator } from './hydrators/subscription.hydrator.ts'
import { visibilityHydrator } from './hydrators/visibility.hydrator.ts'
import { seenPostsQueryHydrator } from './query-hydrators/seen-posts.query-hydrator.ts'
import { servedPostsQueryHydrator } from './query-hydrators/served-posts.query-hydrator.ts'
// prettier-ignore -- the line would be too long.
import {
  userActionSequenceQueryHydrator,
} from './query-hydrators/user-action-sequence.query-hydrator.ts'
import { createSafetyQueryHydrators } from './safety-query-hydrators.ts'
import { authorDiversityScorer } from './scorers/author-diversity.scorer.ts'
import { fallbackScorer } from './scorers/fallback.scorer.ts'
import { outOfNetworkScorer } from './scorers/out-of-network.scorer.ts'
import { phoenixScorer } from './scorers/phoenix.scorer.ts'
import { weightedScorer } from './scorers/weighted.scorer.ts'
import { topKSelector } from './selectors/top-k.selector.ts'
import { requestCacheSideEffect } from './side-effects/request-cache.side-effect.ts'
import { phoenixRetrievalSource } from './sources/phoenix-retrieval.source.ts'
import { thunderSource } from './sources/thunder.source.ts'

export type HomeFeedPipeline = CandidatePipeline<HomeFeedQuery, PostCandidate>

/**
 * READ THIS FIRST: every component of the home feed, in run order. Hydrators and sources of one
 * stage run at once; filters and scorers one after the other, and their order is behaviour. What
 * each reads, writes and does when it fails: `npm run describe`.
 */
export function createHomeFeedPipeline(dependencies: HomeFeedDependencies): HomeFeedPipeline {
  const { viewerStore, thunder, retrieval, ranking, safetyMemory, requestCache, now } = dependencies
  const { SCORING_PARAMS: scoring, TIMEOUT_PARAMS: timeout, REQUEST_PARAMS: request } = params
  const { QUERY_PARAMS: limits, SOURCE_PARAMS: pool } = params
  const history = { viewerStore, timeoutMs: timeout.viewerHistory }
  const graph = createSafetyQueryHydrators(dependencies)

  return createCandidatePipeline<HomeFeedQuery, PostCandidate>({
    name: 'home-feed',
    budgetMs: dependencies.budgetMs ?? request.budgetMs,
    resultSize: ({ slateSize }) => slateSize,

    // Who is asking: five reads of the database, at once.
    queryHydrators: [
      userActionSequenceQueryHydrator({ ...history, actionsMax: limits.actionsMax }),
      graph.followedIds,
      graph.viewerRelations,
      seenPostsQueryHydrator({ ...history, windowMs: limits.seenWindowMs }),
      servedPostsQueryHydrator({
        ...history,
        windowMs: limits.servedWindowMs,
        idsMax: limits.servedIdsMax,
      }),
    ],
    dependentQueryHydrators: [],

    // What there is. Thunder first: its copies know their ancestors.
    sources: [
      thunderSource({ thunder, postsMax: pool.thunderPostsMax, timeoutMs: timeout.thunder }),
      phoenixRetrievalSource({
        retrieval,
        postsMax: pool.retrievalPostsMax,
        postsPerAuthorMax: pool.retrievalPostsPerAuthorMax,
        timeoutMs: timeout.retrieval,
      }),
    ],
    merge: { idOf: ({ id }) => id, fold: foldCopies('sources') },

    // What is known about each.
    hydrators: [
      inNetworkHydrator(),
      coreDataHydrator({ timeoutMs: timeout.coreData }),
      authorHydrator({ timeoutMs: timeout.users }),
      mediaHydrator({ timeoutMs: timeout.media }),
      subscriptionHydrator({ timeoutMs: timeout.coreData }),
      engagementCountsHydrator({ timeoutMs: timeout.engagementCounts }),
    ],

    // What may not be shown: cheap and certain ones first.
    filters: [
      dropDuplicatesFilter(),
      coreDataFilter(),
      ageFilter({ ageMsMax: params.FILTER_PARAMS.postAgeMsMax }),
      selfPostFilter(),
      requestFilter(),
      repostDeduplicationFilter(),
      ineligibleSubscriptionFilter(),
      previouslySeenFilter(),
      previouslyServedFilter(),
      mutedKeywordFilter(),
      authorSocialGraphFilter(),
    ],

    // What it is worth to this viewer.
    scorers: [
      phoenixScorer({ ranking, timeoutMs: timeout.ranking, reserveMs: request.safetyReserveMs }),
      weightedScorer({ weights: params.ACTION_WEIGHTS }),
      fallbackScorer({
        halfLifeMs: scoring.fallbackHalfLifeMs,
        affinityWindowMs: scoring.fallbackAffinityWindowMs,
      }),
      authorDiversityScorer({
        decay: scoring.authorDiversityDecay,
        floor: scoring.authorDiversityFloor,
      }),
      outOfNetworkScorer({
        factor: scoring.outOfNetworkFactor,
        rescoresInNetworkRepliesAndReposts: scoring.rescoresInNetworkRepliesAndReposts,
      }),
    ],
    selector: topKSelector({ overSelectionFactor: request.overSelectionFactor }),

    // The last look, at what would be shown; back-fill passes here too.
    postSelectionHydrators: [
      visibilityHydrator({ memory: safetyMemory, timeoutMs: timeout.visibility, now }),
    ],
    postSelectionFilters: [visibilityFilter(), conversationFilter()],

    // Behind the answer.
    sideEffects: [
      requestCacheSideEffect({ cache: requestCache, weightsVersion: params.WEIGHTS_VERSION }),
    ],
  })
}
