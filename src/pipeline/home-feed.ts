import { FeedError } from '../errors.ts'
import { WEIGHTS_VERSION } from './action-weights.params.ts'
import { createForYouFeed } from './blending/for-you-feed.ts'
import type { Blended, ForYouFeed } from './blending/for-you-feed.ts'
import { hasWithheld, toDegradationReport } from './degradation.ts'
import type { DegradationReport } from './degradation.ts'
import type { PipelineResult } from './framework/candidate-pipeline.ts'
import type { PostCandidate } from './home-feed.candidate.ts'
import type { HomeFeedDependencies } from './home-feed.dependencies.ts'
import { HOME_FEED_PARAMS } from './home-feed.params.ts'
import { createHomeFeedPipeline } from './home-feed.pipeline.ts'
import type { HomeFeedPipeline } from './home-feed.pipeline.ts'
import { createHomeFeedQuery } from './home-feed.query.ts'
import type { HomeFeedQuery, HomeFeedRequest } from './home-feed.query.ts'
import { orFeedError } from './or-feed-error.ts'
import { createRecheckPipeline } from './recheck.pipeline.ts'
import type { RecheckPipeline } from './recheck.pipeline.ts'

export interface RankOptions {
  /** The time that ages and windows go by, epoch ms. */
  readonly nowMs: number
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal
  /** Epoch ms; the pipeline's budget is the other limit. */
  readonly deadlineMs?: number
}

/** A fresh slate. */
export interface RankedFeed extends DegradationReport {
  readonly requestId: string
  /** In slate order, at most `slateSize`. */
  readonly candidates: readonly PostCandidate[]
  /** Of the ranker; null when nothing was scored by it. */
  readonly modelVersion: string | null
  readonly weightsVersion: string
  /** True: ranking again with these excluded would bring nothing more. */
  readonly exhausted: boolean
  readonly pipelineResult: PipelineResult<HomeFeedQuery, PostCandidate>
}

/** A fresh slate with what stands between its posts. */
export type OpenedFeed = Blended<RankedFeed>

/** What of an earlier slate may still be shown, in its order. */
export interface RecheckedFeed extends DegradationReport {
  /** Copies with facts of now and the scores of then. */
  readonly candidates: readonly PostCandidate[]
}

export interface HomeFeed extends Pick<ForYouFeed, 'recheckModules'> {
  readonly pipeline: HomeFeedPipeline
  readonly recheckPipeline: RecheckPipeline
  /**
   * Ranks anew.
   *
   * @throws FeedError SAFETY_UNAVAILABLE when nothing is left because posts could not be judged,
   * UNAVAILABLE when every source failed, OVERLOADED when too many ask, DEADLINE_EXCEEDED when the
   * time was up with nothing to show, INTERNAL when a component broke its contract.
   */
  rank(request: HomeFeedRequest, options: RankOptions): Promise<RankedFeed>
  /** Ranks anew and adds what stands between posts, for a new session. @throws like `rank`. */
  open(request: HomeFeedRequest, options: RankOptions): Promise<OpenedFeed>
  /**
   * Judges posts of an earlier slate again, when a later page is cut.
   *
   * @throws FeedError like `rank`.
   */
  recheck(
    request: HomeFeedRequest,
    candidates: readonly PostCandidate[],
    options: RankOptions,
  ): Promise<RecheckedFeed>
  /** Waits for side effects: at shutdown, in tests. */
  drain(): Promise<void>
}

/** The home feed of one process. */
export function createHomeFeed(dependencies: HomeFeedDependencies): HomeFeed {
  const { now, budgetMs = HOME_FEED_PARAMS.request.budgetMs } = dependencies
  const pipeline = createHomeFeedPipeline(dependencies)
  const recheckPipeline = createRecheckPipeline(dependencies)
  // Nothing is promoted: the schema has no way yet to say that an item is.
  const forYou = createForYouFeed({ ...dependencies, promoted: null }, HOME_FEED_PARAMS)
  const toExecution = (requestId: string, { nowMs, signal, deadlineMs }: RankOptions) => ({
    requestId,
    nowMs,
    signal,
    now,
    deadlineMs: Math.min(deadlineMs ?? Infinity, now() + budgetMs),
  })
  const rank: HomeFeed['rank'] = async (request, options) => {
    const execution = toExecution(request.requestId, options)
    const query = createHomeFeedQuery(request, execution.deadlineMs)
    const result = await orFeedError(pipeline.execute(query, execution), options.signal)
    if (result.selected.length === 0) refuseEmpty(result, now() >= execution.deadlineMs)
    return toRankedFeed(result)
  }
  return {
    pipeline,
    recheckPipeline,
    rank,
    open: (request, options) => forYou.blend(request, rank(request, options), options),
    recheckModules: forYou.recheckModules,
    async recheck(request, candidates, options) {
      const execution = toExecution(request.requestId, options)
      const query = { ...createHomeFeedQuery(request, execution.deadlineMs), ranked: candidates }
      const result = await orFeedError(recheckPipeline.execute(query, execution), options.signal)
      if (result.selected.length === 0 && hasWithheld(result)) throw safetyUnavailable()
      return { candidates: result.selected, ...toDegradationReport(result) }
    },
    drain: () => pipeline.drain(),
  }
}

type Result = PipelineResult<HomeFeedQuery, PostCandidate>

/** An empty slate is an answer only when there is nothing to show. */
function refuseEmpty(result: Result, isLate: boolean): void {
  if (hasWithheld(result)) throw safetyUnavailable()
  if (isLate) {
    throw new FeedError('DEADLINE_EXCEEDED', 'The feed was not ready in time. Please try again.')
  }
  const sources = sourceReports(result)
  if (!sources.some(({ error }) => error === null)) {
    throw new FeedError('UNAVAILABLE', 'No source of posts answers. Please try again.')
  }
}

function safetyUnavailable(): FeedError {
  return new FeedError(
    'SAFETY_UNAVAILABLE',
    'Your blocks, mutes and content rules cannot be checked right now. Please try again.',
  )
}

function toRankedFeed(result: Result): RankedFeed {
  return {
    requestId: result.query.requestId,
    candidates: result.selected,
    ...toDegradationReport(result),
    modelVersion: result.selected.find((each) => each.modelVersion)?.modelVersion ?? null,
    weightsVersion: WEIGHTS_VERSION,
    exhausted: isExhausted(result),
    pipelineResult: result,
  }
}

/**
 * Nothing is left of the ranked pool, every source answered, nothing was withheld, and Thunder,
 * which leaves out what a session has had, was not cut at its limit. Retrieval cannot leave out
 * anything: what it brings now is all that it would bring again.
 */
function isExhausted(result: Result): boolean {
  if (result.nonSelected.length > 0 || hasWithheld(result)) return false
  const sources = sourceReports(result)
  if (sources.some(({ error }) => error !== null)) return false
  const thunder = sources.find(({ component }) => component === 'ThunderSource')
  const wasCut = (thunder?.out ?? 0) >= HOME_FEED_PARAMS.thunder.postsMax
  return result.selected.length === 0 || !wasCut
}

function sourceReports({ components }: Result) {
  return components.filter(({ stage, enabled }) => stage === 'source' && enabled)
}
