import { FeedError } from '../errors.ts'
import type { FeedModule } from './blending/feed-item.ts'
import type { Blended, RecheckedModules } from './blending/for-you-feed.ts'
import type { SlatePlace } from './blending/for-you.query.ts'
import { hasWithheld, toDegradationReport } from './degradation.ts'
import { EmptySlateError } from './empty-slate-error.ts'
import type { DegradationReport } from './degradation.ts'
import type { PipelineResult } from './framework/candidate-pipeline.ts'
import type { PostCandidate } from './home-feed.candidate.ts'
import type { HomeFeedDependencies } from './home-feed.dependencies.ts'
import type { HomeFeedPipeline } from './home-feed.pipeline.ts'
import { createHomeFeedQuery } from './home-feed.query.ts'
import type { HomeFeedQuery, HomeFeedRequest } from './home-feed.query.ts'
import { orFeedError } from './or-feed-error.ts'
import {
  DEFAULT_SETTINGS,
  type FeedSettings,
  type RequestSettings,
} from './params/feed-settings.ts'
import { PipelineVariants } from './pipeline-variants.ts'
import { PIPELINE_VARIANTS_PARAMS } from './process.params.ts'
import type { RecheckPipeline } from './recheck.pipeline.ts'

export interface RankOptions {
  /** The time that ages and windows go by, epoch ms. */
  readonly nowMs: number
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal
  /** Epoch ms; the pipeline's budget is the other limit. */
  readonly deadlineMs?: number
  /** Default: everything as published. */
  readonly settings?: RequestSettings
}

export interface OpenOptions extends RankOptions {
  /** Default: the head of a new session. */
  readonly place?: SlatePlace
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

export interface HomeFeed {
  /** Of the default settings. */
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
  /**
   * Ranks anew and adds what stands between posts, for a session that is new or was lost.
   *
   * @throws FeedError like `rank`.
   */
  open(request: HomeFeedRequest, options: OpenOptions): Promise<OpenedFeed>
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
  /** Judges modules of a session again, when a later page reaches them. @throws FeedError */
  recheckModules(
    request: HomeFeedRequest,
    modules: readonly FeedModule[],
    options: RankOptions,
  ): Promise<RecheckedModules>
  /** Waits for side effects: at shutdown, in tests. */
  drain(): Promise<void>
}

/** The home feed of one process. */
export function createHomeFeed(dependencies: HomeFeedDependencies): HomeFeed {
  const { now } = dependencies
  const variants = new PipelineVariants(dependencies, PIPELINE_VARIANTS_PARAMS)
  const { pipeline, recheckPipeline } = variants.of(DEFAULT_SETTINGS)
  const toExecution = (requestId: string, options: RankOptions) => {
    const { nowMs, signal, deadlineMs, settings = DEFAULT_SETTINGS } = options
    const budgetMs = dependencies.budgetMs ?? settings.params.request.budgetMs
    return {
      settings,
      variant: variants.of(settings),
      request: {
        requestId,
        nowMs,
        signal,
        now,
        deadlineMs: Math.min(deadlineMs ?? Infinity, now() + budgetMs),
      },
    }
  }
  const rank: HomeFeed['rank'] = async (ask, options) => {
    const { settings, variant, request } = toExecution(ask.requestId, options)
    const query = createHomeFeedQuery(ask, request.deadlineMs, settings)
    const result = await orFeedError(variant.execute(query, request), options.signal)
    if (result.selected.length === 0) refuseEmpty(result, now() >= request.deadlineMs)
    return toRankedFeed(result, settings)
  }
  return {
    pipeline,
    recheckPipeline,
    rank,
    open(ask, options) {
      const { forYou } = variants.of(options.settings ?? DEFAULT_SETTINGS)
      return forYou.blend(ask, rank(ask, options), options)
    },
    recheckModules(ask, modules, options) {
      const { forYou } = variants.of(options.settings ?? DEFAULT_SETTINGS)
      return forYou.recheckModules(ask, modules, options)
    },
    async recheck(ask, candidates, options) {
      const { settings, variant, request } = toExecution(ask.requestId, options)
      const asked = createHomeFeedQuery(ask, request.deadlineMs, settings)
      const query = { ...asked, ranked: candidates }
      const checked = variant.recheckPipeline.execute(query, request)
      const result = await orFeedError(checked, options.signal)
      if (result.selected.length === 0 && hasWithheld(result)) {
        throw safetyUnavailable(new EmptySlateError(result))
      }
      return { candidates: result.selected, ...toDegradationReport(result) }
    },
    drain: () => variants.drain(),
  }
}

type Result = PipelineResult<HomeFeedQuery, PostCandidate>

/** An empty slate is an answer only when there is nothing to show. */
function refuseEmpty(result: Result, isLate: boolean): void {
  const cause = new EmptySlateError(result)
  if (hasWithheld(result)) throw safetyUnavailable(cause)
  if (isLate) {
    const message = 'The feed was not ready in time. Please try again.'
    throw new FeedError('DEADLINE_EXCEEDED', message, { cause })
  }
  const sources = sourceReports(result)
  if (!sources.some(({ error }) => error === null)) {
    const message = 'No source of posts answers. Please try again.'
    throw new FeedError('UNAVAILABLE', message, { cause })
  }
}

function safetyUnavailable(cause: Error): FeedError {
  return new FeedError(
    'SAFETY_UNAVAILABLE',
    'Your blocks, mutes and content rules cannot be checked right now. Please try again.',
    { cause },
  )
}

function toRankedFeed(result: Result, { params, weightsVersion }: FeedSettings): RankedFeed {
  return {
    requestId: result.query.requestId,
    candidates: result.selected,
    ...toDegradationReport(result),
    modelVersion: result.selected.find((each) => each.modelVersion)?.modelVersion ?? null,
    weightsVersion,
    exhausted: isExhausted(result, params.thunder.postsMax),
    pipelineResult: result,
  }
}

/**
 * Nothing is left of the ranked pool, every source answered, nothing was withheld, and Thunder,
 * which leaves out what a session has had, was not cut at its limit. Retrieval cannot leave out
 * anything: what it brings now is all that it would bring again. A cached pool stands for retrieval
 * without being all that it would bring.
 */
function isExhausted(result: Result, thunderPostsMax: number): boolean {
  if (result.nonSelected.length > 0 || hasWithheld(result)) return false
  if (result.query.cachedPool != null) return false
  const sources = sourceReports(result)
  if (sources.some(({ error }) => error !== null)) return false
  const thunder = sources.find(({ component }) => component === 'ThunderSource')
  const wasCut = (thunder?.out ?? 0) >= thunderPostsMax
  return result.selected.length === 0 || !wasCut
}

function sourceReports({ components }: Result) {
  return components.filter(({ stage, enabled }) => stage === 'source' && enabled)
}
