import { mergeDegradation, toDegradationReport } from '../degradation.ts'
import type { DegradationReport } from '../degradation.ts'
import { createHomeFeedQuery } from '../home-feed.query.ts'
import type { HomeFeedRequest } from '../home-feed.query.ts'
import type { HomeFeedParams } from '../home-feed.params.ts'
import { orFeedError } from '../or-feed-error.ts'
import { isModule } from './feed-item.ts'
import type { FeedItem, FeedModule, PostContent } from './feed-item.ts'
import type { ForYouDependencies } from './for-you.dependencies.ts'
import { createForYouPipeline } from './for-you.pipeline.ts'
import type { ForYouPipeline } from './for-you.pipeline.ts'
import { createForYouQuery } from './for-you.query.ts'
import type { RankedPosts, SlatePlace } from './for-you.query.ts'
import { createModuleRecheckPipeline } from './module-recheck.pipeline.ts'
import type { ModuleRecheckPipeline } from './module-recheck.pipeline.ts'

/** What a slate is made of. */
export type SlateItem = PostContent | FeedModule

/** A ranking's own type, and what stands between its posts. */
export type Blended<R> = R & { readonly items: readonly SlateItem[] }

/** What of a session's modules may still be shown. */
export interface RecheckedModules extends DegradationReport {
  /** By the id that the session knows them by; one that is not there is shown no more. */
  readonly moduleById: ReadonlyMap<string, FeedModule>
}

export interface ForYouOptions {
  readonly nowMs: number
  readonly signal: AbortSignal
  readonly deadlineMs?: number
  /** Default: the head of a new session. */
  readonly place?: SlatePlace
}

export interface ForYouFeed {
  readonly pipeline: ForYouPipeline
  readonly moduleRecheckPipeline: ModuleRecheckPipeline
  /**
   * Adds to a ranking under way what stands between its posts. A module that fails costs itself.
   *
   * @throws what the ranking throws: a feed of modules alone would look as if there were no posts.
   */
  blend<R extends RankedPosts & DegradationReport>(
    request: HomeFeedRequest,
    ranking: Promise<R>,
    options: ForYouOptions,
  ): Promise<Blended<R>>
  /** Judges modules again, when a later page reaches them. @throws FeedError */
  recheckModules(
    request: HomeFeedRequest,
    modules: readonly FeedModule[],
    options: ForYouOptions,
  ): Promise<RecheckedModules>
}

export function createForYouFeed(
  dependencies: ForYouDependencies,
  params: HomeFeedParams,
): ForYouFeed {
  const pipeline = createForYouPipeline(dependencies, params)
  const moduleRecheckPipeline = createModuleRecheckPipeline(dependencies, params)
  const { now } = dependencies
  return {
    pipeline,
    moduleRecheckPipeline,
    async blend(request, ranking, { nowMs, signal, place }) {
      const head = { firstPosition: 0, sessionStartedAtMs: nowMs }
      const query = createForYouQuery(request, ranking, place ?? head)
      const { requestId } = request
      const execution = pipeline.execute(query, { requestId, nowMs, signal, now })
      const [ranked, result] = await Promise.all([ranking, orFeedError(execution, signal)])
      return {
        ...ranked,
        items: result.selected.flatMap((item) => toSlateItem(item) ?? []),
        ...mergeDegradation([ranked, toDegradationReport(result)]),
      }
    },
    async recheckModules(request, modules, options) {
      const { requestId } = request
      const query = { ...createHomeFeedQuery(request, options.deadlineMs), modules }
      const execution = moduleRecheckPipeline.execute(query, { ...options, requestId, now })
      const result = await orFeedError(execution, options.signal)
      // A module's item has the id that the session knows it by.
      const shown = result.selected.flatMap(({ id, content, accountIds }) =>
        isModule(content) ? [[id, narrow(content, accountIds)] as const] : [],
      )
      return { moduleById: new Map(shown), ...toDegradationReport(result) }
    },
  }
}

/** Null = promoted: nothing behind this could declare it as such. */
function toSlateItem({ content, accountIds }: FeedItem): SlateItem | null {
  if (content.kind === 'promoted') return null
  return isModule(content) ? narrow(content, accountIds) : content
}

/** To the accounts that may be suggested. */
function narrow(module: FeedModule, accountIds: FeedItem['accountIds']): FeedModule {
  return module.kind === 'prompt' ? module : { ...module, userIds: accountIds ?? [] }
}
