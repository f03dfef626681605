import { createCandidatePipeline } from '../framework/candidate-pipeline.ts'
import type { CandidatePipeline } from '../framework/candidate-pipeline.ts'
import type { HomeFeedDependencies } from '../home-feed.dependencies.ts'
import { HOME_FEED_PARAMS, type HomeFeedParams } from '../home-feed.params.ts'
import { createSafetyQueryHydrators } from '../safety-query-hydrators.ts'
import { asRankedSelector } from '../selectors/as-ranked.selector.ts'
import type { FeedItem } from './feed-item.ts'
import { emptyModuleFilter } from './filters/empty-module.filter.ts'
import type { ModuleRecheckQuery } from './for-you.query.ts'
import { suggestedAccountsHydrator } from './hydrators/suggested-accounts.hydrator.ts'
import { frozenModulesSource } from './sources/frozen-modules.source.ts'

export type ModuleRecheckPipeline = CandidatePipeline<ModuleRecheckQuery, FeedItem>

/**
 * Modules of a session when a later page reaches them: who was followed, blocked, muted or
 * suspended since is suggested no more, and a module of nobody falls out.
 */
export function createModuleRecheckPipeline(
  dependencies: Pick<
    HomeFeedDependencies,
    'viewerStore' | 'safetyMemory' | 'searchTexts' | 'authorLists' | 'budgetMs' | 'now'
  >,
  { timeout, request, whoToFollow }: HomeFeedParams = HOME_FEED_PARAMS,
): ModuleRecheckPipeline {
  const graph = createSafetyQueryHydrators(dependencies, timeout.socialGraph)
  return createCandidatePipeline<ModuleRecheckQuery, FeedItem>({
    name: 'module-recheck',
    budgetMs: dependencies.budgetMs ?? request.budgetMs,
    resultSize: ({ modules }) => modules.length,
    queryHydrators: [graph.followedIds, graph.viewerRelations],
    dependentQueryHydrators: [],
    sources: [frozenModulesSource()],
    merge: { idOf: ({ id }) => id, fold: () => undefined },
    hydrators: [
      suggestedAccountsHydrator<ModuleRecheckQuery>({
        timeoutMs: timeout.users,
        accountsMax: whoToFollow.accountsMax,
        authorLists: dependencies.authorLists,
        searchTexts: dependencies.searchTexts,
        viewerQueryOf: (query) => query,
      }),
    ],
    filters: [emptyModuleFilter()],
    scorers: [],
    selector: asRankedSelector(),
    postSelectionHydrators: [],
    postSelectionFilters: [],
    sideEffects: [],
  })
}
