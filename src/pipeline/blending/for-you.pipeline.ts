import { createCandidatePipeline } from '../framework/candidate-pipeline.ts'
import type { CandidatePipeline } from '../framework/candidate-pipeline.ts'
import { HOME_FEED_PARAMS, type HomeFeedParams } from '../home-feed.params.ts'
import { createRecheckPipeline } from '../recheck.pipeline.ts'
import type { FeedItem } from './feed-item.ts'
import { emptyModuleFilter } from './filters/empty-module.filter.ts'
import type { ForYouDependencies } from './for-you.dependencies.ts'
import type { ForYouQuery } from './for-you.query.ts'
import { brandSafetyHydrator } from './hydrators/brand-safety.hydrator.ts'
import { suggestedAccountsHydrator } from './hydrators/suggested-accounts.hydrator.ts'
import { moduleHistoryQueryHydrator } from './query-hydrators/module-history.query-hydrator.ts'
import { blenderSelector } from './selectors/blender.selector.ts'
import { promotedPostsSource } from './sources/promoted-posts.source.ts'
import { promptsSource } from './sources/prompts.source.ts'
import { rankedPostsSource } from './sources/ranked-posts.source.ts'
import { whoToFollowSource } from './sources/who-to-follow.source.ts'

export type ForYouPipeline = CandidatePipeline<ForYouQuery, FeedItem>

/**
 * The outer pipeline: the home feed's posts, which are one source of it, and what stands between
 * them. Runs for the first slate of a session, and for that with which a lost one goes on. Source:
 * spec/blending.md 1 and 2.
 */
export function createForYouPipeline(
  dependencies: ForYouDependencies,
  params: HomeFeedParams = HOME_FEED_PARAMS,
): ForYouPipeline {
  const { modules, prompts, promoted, now } = dependencies
  const { budgetMs = params.request.budgetMs } = dependencies
  const { timeout, blending, whoToFollow } = params
  const recheck = createRecheckPipeline(dependencies, params)
  const { fatigueMs, excludedMax, windowMs, offeredMax, accountsMax, ...bounds } = whoToFollow
  return createCandidatePipeline<ForYouQuery, FeedItem>({
    name: 'for-you',
    // The ranking inside keeps its own budget; what comes after it only computes.
    budgetMs: 2 * budgetMs,
    resultSize: ({ slateSize }) => slateSize + blending.modulesMax,
    queryHydrators: [
      moduleHistoryQueryHydrator({
        modules,
        timeoutMs: timeout.moduleHistory,
        fatigueMs,
        excludedMax,
        whoToFollowPosition: blending.whoToFollowPosition,
        promptsMax: params.prompts.promptsMax,
      }),
    ],
    dependentQueryHydrators: [],
    sources: [
      rankedPostsSource(),
      promotedPostsSource({
        promoted,
        timeoutMs: timeout.promotedPosts,
        async mayBeSeen(candidates, query, { requestId, nowMs, signal, deadlineMs }) {
          const asked = { ...query, ranked: candidates }
          const request = { requestId, nowMs, signal, deadlineMs, now }
          return (await recheck.execute(asked, request)).selected
        },
      }),
      whoToFollowSource({ modules, timeoutMs: timeout.whoToFollow, bounds, windowMs, offeredMax }),
      promptsSource({ prompts, timeoutMs: timeout.prompts, ...params.prompts }),
    ],
    // No two sources bring the same thing: of equal ids the first stays.
    merge: { idOf: ({ id }) => id, fold: () => undefined },
    hydrators: [
      suggestedAccountsHydrator<ForYouQuery>({
        timeoutMs: timeout.suggestedAccounts,
        accountsMax,
        authorLists: dependencies.authorLists,
        searchTexts: dependencies.searchTexts,
        viewerQueryOf: async ({ ranking }) => (await ranking).pipelineResult.query,
      }),
      brandSafetyHydrator({ isNeeded: promoted !== null, timeoutMs: timeout.visibility }),
    ],
    filters: [emptyModuleFilter()],
    scorers: [],
    selector: blenderSelector(blending, dependencies.searchTexts),
    // The blender leaves things out on purpose.
    backFills: false,
    postSelectionHydrators: [],
    postSelectionFilters: [],
    sideEffects: [],
  })
}
