import { ancillaryVisibilityFilter } from './filters/ancillary-visibility.filter.ts'
import { authorListsFilter } from './filters/author-lists.filter.ts'
import { authorSocialGraphFilter } from './filters/author-social-graph.filter.ts'
import { coreDataFilter } from './filters/core-data.filter.ts'
import { ineligibleSubscriptionFilter } from './filters/ineligible-subscription.filter.ts'
import { mutedKeywordFilter } from './filters/muted-keyword.filter.ts'
import { visibilityFilter } from './filters/visibility.filter.ts'
import { createCandidatePipeline } from './framework/candidate-pipeline.ts'
import type { CandidatePipeline } from './framework/candidate-pipeline.ts'
import { foldCopies } from './framework/merge.ts'
import type { PostCandidate } from './home-feed.candidate.ts'
import type { HomeFeedDependencies } from './home-feed.dependencies.ts'
import { HOME_FEED_PARAMS, type HomeFeedParams } from './home-feed.params.ts'
import { authorHydrator } from './hydrators/author.hydrator.ts'
import { coreDataHydrator } from './hydrators/core-data.hydrator.ts'
import { inNetworkHydrator } from './hydrators/in-network.hydrator.ts'
import { mediaHydrator } from './hydrators/media.hydrator.ts'
import { subscriptionHydrator } from './hydrators/subscription.hydrator.ts'
import { visibilityHydrator } from './hydrators/visibility.hydrator.ts'
import { SearchTexts } from './muted-keywords/search-text.ts'
import { SEARCH_TEXT_PARAMS } from './process.params.ts'
import type { RecheckQuery } from './recheck.query.ts'
import { createSafetyQueryHydrators } from './safety-query-hydrators.ts'
import { asRankedSelector } from './selectors/as-ranked.selector.ts'
import { rankedSource } from './sources/ranked.source.ts'
import { NO_AUTHOR_LISTS } from './visibility/author-lists.ts'

export type RecheckPipeline = CandidatePipeline<RecheckQuery, PostCandidate>

/**
 * The home feed's safety components over posts that were ranked before, when a later page is cut:
 * what was deleted, blocked, muted or taken down since falls out; nothing is ranked or re-ordered.
 */
export function createRecheckPipeline(
  dependencies: Pick<
    HomeFeedDependencies,
    'viewerStore' | 'safetyMemory' | 'searchTexts' | 'authorLists' | 'budgetMs' | 'now'
  >,
  { timeout, request }: HomeFeedParams = HOME_FEED_PARAMS,
): RecheckPipeline {
  const { safetyMemory, budgetMs = request.budgetMs, now } = dependencies
  const { searchTexts = new SearchTexts(SEARCH_TEXT_PARAMS), authorLists = NO_AUTHOR_LISTS } =
    dependencies
  const graph = createSafetyQueryHydrators(dependencies, timeout.socialGraph)
  return createCandidatePipeline<RecheckQuery, PostCandidate>({
    name: 'recheck',
    budgetMs,
    resultSize: ({ ranked }) => ranked.length,
    queryHydrators: [graph.followedIds, graph.viewerRelations],
    dependentQueryHydrators: [],
    sources: [rankedSource()],
    merge: { idOf: ({ id }) => id, fold: foldCopies('sources') },
    hydrators: [
      inNetworkHydrator(),
      coreDataHydrator({ timeoutMs: timeout.coreData }),
      authorHydrator({ timeoutMs: timeout.users }),
      mediaHydrator({ timeoutMs: timeout.media }),
      subscriptionHydrator({ timeoutMs: timeout.coreData }),
    ],
    filters: [
      coreDataFilter(),
      ineligibleSubscriptionFilter(),
      mutedKeywordFilter({ searchTexts }),
      authorSocialGraphFilter(),
      authorListsFilter({ authorLists }),
    ],
    scorers: [],
    selector: asRankedSelector(),
    postSelectionHydrators: [
      visibilityHydrator({
        memory: safetyMemory,
        authorLists,
        timeoutMs: timeout.visibility,
        now,
      }),
    ],
    postSelectionFilters: [visibilityFilter(), ancillaryVisibilityFilter()],
    sideEffects: [],
  })
}
