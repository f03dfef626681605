import { randomUUID } from 'node:crypto'
import { FeedError } from '../../errors.ts'
import type { UserId } from '../../ids.ts'
import { toDegradationReport } from '../../pipeline/degradation.ts'
import {
  countWithheld,
  EmptySlateError,
  failedComponentsOf,
} from '../../pipeline/empty-slate-error.ts'
import { createHomeFeed, type RankedFeed } from '../../pipeline/home-feed.ts'
import type { PostCandidate } from '../../pipeline/home-feed.candidate.ts'
import { EMPTY_FILTER } from '../../pipeline/home-feed.query.ts'
import { createFeedSettings, DEFAULT_SETTINGS } from '../../pipeline/params/feed-settings.ts'
import type { RequestSettings } from '../../pipeline/params/feed-settings.ts'
import { createSafetyMemory } from '../../pipeline/safety-memory.ts'
import { withFault, type Asked, type FaultMode } from './faults.ts'

export interface RehearsalOptions {
  readonly asked: Asked
  readonly viewerId: UserId
  /** Posts shown of each side. */
  readonly first: number
  readonly fault: string
  readonly mode: FaultMode
  /** The rehearsed side has no last known good, as a gateway that has just started. */
  readonly isCold: boolean
}

/** One post of one side. */
export interface RehearsedPost {
  readonly postId: string
  readonly author: string
  readonly sources: readonly string[]
  readonly scoredBy: string | null
  readonly score: number | null
  readonly text: string
}

/** What a viewer would get. */
export interface Outcome {
  readonly posts: readonly RehearsedPost[]
  /** Ids of the whole slate, in order. */
  readonly slate: readonly string[]
  readonly degradation: readonly string[]
  readonly degradedDependencies: readonly string[]
  /** Posts that a safety filter could not judge, by filter and reason. */
  readonly withheld: Readonly<Record<string, number>>
  /** Components that were late or failed. */
  readonly failed: readonly string[]
  /** Instead of posts; null = there was an answer. */
  readonly error: { readonly code: string; readonly retryable: boolean } | null
  readonly durationMs: number
}

export interface Rehearsal {
  readonly fault: string
  readonly mode: FaultMode
  readonly viewerId: UserId
  readonly healthy: Outcome
  readonly rehearsed: Outcome
}

/** First requests run cold code and read everything: what they miss is not the fault's. */
const HEALTHY_RUNS_MIN = 3
/** A machine that is still not healthy then is shown as it is. */
const HEALTHY_RUNS_MAX = 12

/**
 * Ranks for a viewer as the gateway would, then again with one dependency dead. Nothing is
 * recorded as served, and side effects do not run. The healthy runs come first, so that the other
 * has what a running gateway would remember (blocks, labels), unless it is to be cold.
 */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  const { asked, viewerId, fault, mode, isCold } = options
  let healthy = await rankOnce(asked, options)
  for (let run = 1; run < HEALTHY_RUNS_MAX; run += 1) {
    if (run >= HEALTHY_RUNS_MIN && isHealthy(healthy)) break
    healthy = await rankOnce(asked, options)
  }
  const { now } = asked.dependencies
  const memory = isCold ? { safetyMemory: createSafetyMemory({ now }) } : {}
  const broken = withFault(asked, fault, mode)
  const dependencies = { ...broken.dependencies, ...memory }
  const rehearsed = await rankOnce({ ...broken, dependencies }, options)
  return { fault, mode, viewerId, healthy, rehearsed }
}

/** What does not depend on the fault is as it should be. */
export function isHealthy({ error, degradation }: Outcome): boolean {
  return error === null && degradation.length === 0
}

async function rankOnce(
  { dependencies, createLoaders }: Asked,
  { asked, viewerId, first }: RehearsalOptions,
): Promise<Outcome> {
  const homeFeed = createHomeFeed(dependencies)
  const startMs = dependencies.now()
  const settings = withoutSideEffects(homeFeed.pipeline.stages)
  const request = {
    requestId: randomUUID(),
    viewerId,
    filter: EMPTY_FILTER,
    countryCode: null,
    languages: [],
    alsoSeenPostIds: new Set<never>(),
    sessionServedPostIds: new Set<never>(),
    slateSize: settings.params.request.slateSize,
    loaders: createLoaders(),
  }
  const { signal } = new AbortController()
  const options = { nowMs: startMs, signal, settings }
  try {
    const feed = await homeFeed.rank(request, options)
    const durationMs = dependencies.now() - startMs
    return toOutcome(feed, { durationMs, posts: await toPosts(feed, first, asked.createLoaders()) })
  } catch (error) {
    if (!(error instanceof FeedError)) throw error
    const { code, retryable, cause } = error
    return {
      ...(cause instanceof EmptySlateError ? toFacts(cause.result) : NO_FACTS),
      posts: [],
      slate: [],
      error: { code, retryable },
      durationMs: dependencies.now() - startMs,
    }
  }
}

type Facts = Pick<Outcome, 'degradation' | 'degradedDependencies' | 'withheld' | 'failed'>

const NO_FACTS: Facts = { degradation: [], degradedDependencies: [], withheld: {}, failed: [] }

function toFacts(result: RankedFeed['pipelineResult']): Facts {
  return {
    ...toDegradationReport(result),
    withheld: countWithheld(result),
    failed: failedComponentsOf(result),
  }
}

function withoutSideEffects(
  stages: ReturnType<typeof createHomeFeed>['pipeline']['stages'],
): RequestSettings {
  const switches = stages
    .filter(({ stage }) => stage === 'side-effect')
    .flatMap(({ components }) => components.map(({ name }) => [name, false] as const))
  const settings = createFeedSettings({ values: new Map(), switches: new Map(switches) })
  return { ...DEFAULT_SETTINGS, ...settings }
}

function toOutcome(
  feed: RankedFeed,
  { posts, durationMs }: Pick<Outcome, 'posts' | 'durationMs'>,
): Outcome {
  return {
    ...toFacts(feed.pipelineResult),
    posts,
    slate: feed.candidates.map(({ id }) => id),
    error: null,
    durationMs,
  }
}

/** Names and texts are read with healthy readers: they are for the person who looks on. */
async function toPosts(
  { candidates }: RankedFeed,
  first: number,
  loaders: ReturnType<Asked['createLoaders']>,
): Promise<readonly RehearsedPost[]> {
  const shown = candidates.slice(0, first)
  const authors = await loaders.users.loadMany(shown.map(({ authorId }) => authorId))
  return shown.map((candidate, index) => {
    const author = authors[index]
    return toPost(candidate, author instanceof Error ? undefined : author?.handle)
  })
}

function toPost(candidate: PostCandidate, handle = ''): RehearsedPost {
  const { id, sources, scoredBy = null, score = null, core, related } = candidate
  return {
    postId: id,
    author: handle,
    sources,
    scoredBy,
    score,
    text: related?.original?.text ?? core?.text ?? '',
  }
}
