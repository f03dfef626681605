import { ageFilter } from './filters/age.filter.ts'
import { ancillaryVisibilityFilter } from './filters/ancillary-visibility.filter.ts'
import { authorListsFilter } from './filters/author-lists.filter.ts'
import { authorSocialGraphFilter } from './filters/author-social-graph.filter.ts'
import { conversationFilter } from './filters/conversation.filter.ts'
import { coreDataFilter } from './filters/core-data.filter.ts'
import { dropDuplicatesFilter } from './filters/drop-duplicates.filter.ts'
import { followedTopicsFilter } from './filters/followed-topics.filter.ts'
import { ineligibleSubscriptionFilter } from './filters/ineligible-subscription.filter.ts'
import { languageFilter } from './filters/language.filter.ts'
import { mutedKeywordFilter } from './filters/muted-keyword.filter.ts'
import { newViewerEngagementFilter } from './filters/new-viewer-engagement.filter.ts'
import { outOfNetworkKindFilter } from './filters/out-of-network-kind.filter.ts'
import { previouslySeenFilter } from './filters/previously-seen.filter.ts'
import { previouslyServedFilter } from './filters/previously-served.filter.ts'
import { repostDeduplicationFilter } from './filters/repost-deduplication.filter.ts'
import { requestFilter } from './filters/request.filter.ts'
import { selfPostFilter } from './filters/self-post.filter.ts'
import { topicsFilter } from './filters/topics.filter.ts'
import { visibilityFilter } from './filters/visibility.filter.ts'
import { createSeededRandom } from './cold-start/seeded-random.ts'
import { AdmissionGate } from './framework/admission-gate.ts'
import { createCandidatePipeline } from './framework/candidate-pipeline.ts'
import type { CandidatePipeline } from './framework/candidate-pipeline.ts'
import { foldCopies } from './framework/merge.ts'
import { switchOff } from './framework/switch-off.ts'
import type { PipelineConfig } from './framework/pipeline-config.ts'
import { withCache } from './framework/with-cache.ts'
import type { PostCandidate } from './home-feed.candidate.ts'
import type { HomeFeedDependencies } from './home-feed.dependencies.ts'
import { HOME_FEED_PARAMS, type HomeFeedParams } from './home-feed.params.ts'
import type { HomeFeedQuery } from './home-feed.query.ts'
import { authorHydrator } from './hydrators/author.hydrator.ts'
import { coreDataHydrator } from './hydrators/core-data.hydrator.ts'
import { engagementCountsHydrator } from './hydrators/engagement-counts.hydrator.ts'
import {
  followingRepliedUsersHydrator,
  limitFaces,
} from './hydrators/following-replied-users.hydrator.ts'
import { inNetworkHydrator } from './hydrators/in-network.hydrator.ts'
import { mediaHydrator } from './hydrators/media.hydrator.ts'
import { mutualFollowHydrator } from './hydrators/mutual-follow.hydrator.ts'
import { subscriptionHydrator } from './hydrators/subscription.hydrator.ts'
import { ttlByAge } from './hydrators/ttl-by-age.ts'
import { topicsHydrator } from './hydrators/topics.hydrator.ts'
import { visibilityHydrator } from './hydrators/visibility.hydrator.ts'
import { SearchTexts } from './muted-keywords/search-text.ts'
import { cachedCandidatesQueryHydrator } from './query-hydrators/cached-candidates.query-hydrator.ts'
import { seenPostsQueryHydrator } from './query-hydrators/seen-posts.query-hydrator.ts'
import { servedHistoryQueryHydrator } from './query-hydrators/served-history.query-hydrator.ts'
import { topicRulesQueryHydrator } from './query-hydrators/topic-rules.query-hydrator.ts'
import { userActionSequenceQueryHydrator } from './query-hydrators/user-action-sequence.query-hydrator.ts'
import { WEIGHTS_VERSION } from './action-weights.params.ts'
import { ADMISSION_PARAMS, SEARCH_TEXT_PARAMS } from './process.params.ts'
import { createSafetyQueryHydrators } from './safety-query-hydrators.ts'
import { authorDiversityScorer } from './scorers/author-diversity.scorer.ts'
import { coldStartScorer } from './scorers/cold-start.scorer.ts'
import { fallbackScorer } from './scorers/fallback.scorer.ts'
import { outOfNetworkScorer } from './scorers/out-of-network.scorer.ts'
import { phoenixScorer } from './scorers/phoenix.scorer.ts'
import { slateDiversityScorer } from './scorers/slate-diversity.scorer.ts'
import { weightedScorer } from './scorers/weighted.scorer.ts'
import { topKSelector } from './selectors/top-k.selector.ts'
import { requestLogSideEffect } from './side-effects/request-log.side-effect.ts'
import { postCandidateCacheSideEffect } from './side-effects/post-candidate-cache.side-effect.ts'
import { requestCacheSideEffect } from './side-effects/request-cache.side-effect.ts'
import { cachedPostsSource } from './sources/cached-posts.source.ts'
import { phoenixRetrievalSource } from './sources/phoenix-retrieval.source.ts'
import { phoenixTopicsSource } from './sources/phoenix-topics.source.ts'
import { popularNowSource } from './sources/popular-now.source.ts'
import { thunderSource } from './sources/thunder.source.ts'
import { NO_AUTHOR_LISTS } from './visibility/author-lists.ts'

export type HomeFeedPipeline = CandidatePipeline<HomeFeedQuery, PostCandidate>

/** In what one pipeline of a process differs from the next, beside its params. */
export interface PipelineVariant {
  /** Rows that do not run. */
  readonly switchedOff?: ReadonlySet<string>
  /** Shared by all pipelines of the process; default: one of its own. */
  readonly admission?: AdmissionGate
  /** Default: the published name, which is right for the default params alone. */
  readonly weightsVersion?: string
}

const NOTHING: ReadonlySet<string> = new Set()

/**
 * READ THIS FIRST: every component of the home feed, in run order. Hydrators and sources of one
 * stage run at once; filters and scorers one after the other, and their order is behaviour. What
 * each reads, writes and does when it fails: `npm run describe`.
 */
// oxlint-disable-next-line max-lines-per-function -- a table, not logic: one page shows it all.
export function createHomeFeedPipeline(
  dependencies: HomeFeedDependencies,
  params: HomeFeedParams = HOME_FEED_PARAMS,
  variant: PipelineVariant = {},
): HomeFeedPipeline {
  const { viewerStore, thunder, retrieval, ranking, embeddings, now } = dependencies
  const { popular, topics, safetyMemory, requestCache, requestLog, candidateCache } = dependencies
  const { searchTexts = new SearchTexts(SEARCH_TEXT_PARAMS), authorLists = NO_AUTHOR_LISTS } =
    dependencies
  const { timeout, newViewer } = params
  const history = { viewerStore, timeoutMs: timeout.viewerHistory }
  const graph = createSafetyQueryHydrators(dependencies, timeout.socialGraph)
  const { weightsVersion = WEIGHTS_VERSION } = variant

  const table: PipelineConfig<HomeFeedQuery, PostCandidate> = {
    name: 'home-feed',
    budgetMs: dependencies.budgetMs ?? params.request.budgetMs,
    admission: variant.admission ?? new AdmissionGate(ADMISSION_PARAMS),
    resultSize: ({ slateSize }) => slateSize,

    // Who is asking: five reads of the database, at once.
    queryHydrators: [
      userActionSequenceQueryHydrator({ ...history, ...params.actionSequence }),
      graph.followedIds,
      graph.viewerRelations,
      seenPostsQueryHydrator({ ...history, ...params.seen }),
      servedHistoryQueryHydrator({
        ...history,
        posts: params.served,
        authors: params.servedAuthors,
      }),
    ],
    // What needs to know who it is.
    dependentQueryHydrators: [
      cachedCandidatesQueryHydrator({
        cache: candidateCache,
        ...params.cachedPool,
        timeoutMs: timeout.candidateCache,
      }),
      topicRulesQueryHydrator({ topics, timeoutMs: timeout.topics, ...newViewer }),
    ],

    // What there is. Thunder first: its copies know their ancestors.
    sources: [
      thunderSource({
        thunder,
        isStale: dependencies.isThunderStale,
        timeoutMs: timeout.thunder,
        ...params.thunder,
      }),
      phoenixRetrievalSource({
        retrieval,
        timeoutMs: timeout.retrieval,
        retrievesFollowedTopics: newViewer.retrievesFollowedTopics,
        ...params.retrieval,
      }),
      phoenixTopicsSource({
        retrieval,
        topics,
        timeoutMs: timeout.topicRetrieval,
        retrievesFollowedTopics: newViewer.retrievesFollowedTopics,
        ...params.retrieval,
      }),
      popularNowSource({ popular, timeoutMs: timeout.popular }),
      cachedPostsSource(),
    ],
    merge: { idOf: ({ id }) => id, fold: foldCopies('sources') },

    // What is known about each.
    hydrators: [
      inNetworkHydrator(),
      mutualFollowHydrator({ viewerStore, timeoutMs: timeout.mutualFollow }),
      coreDataHydrator({ timeoutMs: timeout.coreData }),
      authorHydrator({ timeoutMs: timeout.users }),
      mediaHydrator({ timeoutMs: timeout.media }),
      subscriptionHydrator({ timeoutMs: timeout.coreData }),
      withCache(engagementCountsHydrator({ timeoutMs: timeout.engagementCounts }), {
        cache: dependencies.countsCache,
        keyOf: ({ id }) => id,
        ttlMsOf: ttlByAge(params.engagementCounts),
        params: params.engagementCounts,
      }),
      followingRepliedUsersHydrator(params.followingReplied),
      topicsHydrator({ timeoutMs: timeout.topics }),
    ],

    // What may not be shown: cheap and certain ones first.
    filters: [
      dropDuplicatesFilter(),
      coreDataFilter(),
      ageFilter(params.age),
      selfPostFilter(),
      outOfNetworkKindFilter(),
      requestFilter(),
      repostDeduplicationFilter(),
      ineligibleSubscriptionFilter(),
      previouslySeenFilter(),
      previouslyServedFilter(),
      mutedKeywordFilter({ searchTexts }),
      authorSocialGraphFilter(),
      authorListsFilter({ authorLists }),
      topicsFilter(),
      followedTopicsFilter(newViewer),
      languageFilter(params.language),
      newViewerEngagementFilter(params.newViewerEngagement),
    ],

    // What it is worth to this viewer. The fallback scores what the model did not.
    scorers: [
      phoenixScorer({
        ranking,
        now,
        timeoutMs: timeout.ranking,
        reserveMs: timeout.visibility,
      }),
      weightedScorer(params),
      fallbackScorer(params.fallback),
      coldStartScorer({ random: createSeededRandom, ...params.coldStart }),
      authorDiversityScorer(params.authorDiversity),
      outOfNetworkScorer(params.outOfNetwork),
      slateDiversityScorer({
        embeddings,
        now,
        timeoutMs: timeout.slateDiversity,
        reserveMs: timeout.visibility,
        ...params.slateDiversity,
      }),
    ],
    selector: topKSelector(params.selector),

    // The last look, at what would be shown; back-fill passes here too. Then, behind the answer,
    // what is remembered of it.
    postSelectionHydrators: [
      visibilityHydrator({
        memory: safetyMemory,
        authorLists,
        timeoutMs: timeout.visibility,
        now,
      }),
    ],
    postSelectionFilters: [visibilityFilter(), ancillaryVisibilityFilter(), conversationFilter()],
    finalize: (_query, selected) => limitFaces(selected, params.followingReplied.postsMax),
    sideEffects: [
      requestCacheSideEffect({ cache: requestCache, weightsVersion }),
      requestLogSideEffect({ log: requestLog, weightsVersion, ...params.requestLog }),
      postCandidateCacheSideEffect({ cache: candidateCache, ...params.cachedPool }),
    ],
  }
  return createCandidatePipeline(switchOff(table, variant.switchedOff ?? NOTHING))
}
