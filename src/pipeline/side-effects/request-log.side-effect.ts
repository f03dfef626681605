import type { HomeFeedParams } from '../home-feed.params.ts'
import { originalAuthorIdOf, originalPostIdOf, type PostCandidate } from '../home-feed.candidate.ts'
import { sideEffect } from '../home-feed.components.ts'
import type { HomeFeedQuery } from '../home-feed.query.ts'
import type { Removed } from '../framework/component.ts'
import {
  REQUEST_LOG_VERSION,
  type LoggedCandidate,
  type LoggedQuery,
  type LoggedRemoval,
  type RequestLog,
} from '../../store/request-log/logged-request.ts'
import { createSeededRandom } from '../cold-start/seeded-random.ts'

export type RequestLogSideEffectOptions = HomeFeedParams['requestLog'] & {
  readonly log: RequestLog
  readonly weightsVersion: string
}

/**
 * Keeps a sample of requests on disk: what was asked, what came of it and why. The request's id
 * decides whether it is in the sample, so that every process and every retry agrees.
 */
export function requestLogSideEffect(options: RequestLogSideEffectOptions) {
  const { log, weightsVersion, sampleRate, candidatesMax } = options
  return sideEffect({
    name: 'RequestLogSideEffect',
    dependency: 'request-log',
    params: { sampleRate, candidatesMax },
    enable: ({ requestId }) => createSeededRandom(`request-log ${requestId}`)() < sampleRate,
    async run({ query, selected, nonSelected, removed }, { nowMs }) {
      const rest = nonSelected.slice(0, Math.max(0, candidatesMax - selected.length))
      await log.write({
        version: REQUEST_LOG_VERSION,
        requestId: query.requestId,
        viewerId: query.viewerId,
        rankedAtMs: nowMs,
        settings: { digest: query.settingsDigest, weightsVersion, arms: query.arms },
        modelVersion: selected.find((each) => each.modelVersion)?.modelVersion ?? null,
        asked: toLoggedQuery(query),
        candidates: [
          ...selected.map((candidate, position) => toLoggedCandidate(candidate, position)),
          ...rest.map((candidate) => toLoggedCandidate(candidate, null)),
        ],
        leftOut: nonSelected.length - rest.length,
        removed: groupRemoved(removed),
      })
    },
  })
}

function toLoggedQuery(query: Readonly<HomeFeedQuery>): LoggedQuery {
  return {
    filter: { ...query.filter },
    countryCode: query.countryCode,
    slateSize: query.slateSize,
    alsoSeenPostIds: [...query.alsoSeenPostIds],
    sessionServedPostIds: [...query.sessionServedPostIds],
    historyLength: query.actionSequence?.length ?? null,
    followsCount: query.followedIds?.size ?? null,
  }
}

function toLoggedCandidate(
  candidate: Readonly<PostCandidate>,
  position: number | null,
): LoggedCandidate {
  const { probabilities } = candidate
  return {
    postId: candidate.id,
    judgedPostId: originalPostIdOf(candidate),
    judgedAuthorId: originalAuthorIdOf(candidate),
    createdAtMs: candidate.createdAtMs,
    sources: candidate.sources,
    similarity: candidate.similarity,
    inNetwork: candidate.inNetwork ?? null,
    probabilities: probabilities === undefined ? null : Array.from(probabilities, toLoggedNumber),
    dwellSeconds: candidate.dwellSeconds ?? null,
    scoredBy: candidate.scoredBy ?? null,
    weightedScore: candidate.weightedScore ?? null,
    coldStartScore: candidate.coldStartScore ?? null,
    diversityFactor: candidate.diversityFactor ?? null,
    outOfNetworkFactor: candidate.outOfNetworkFactor ?? null,
    slateWindow: candidate.slateWindow ?? null,
    score: candidate.score ?? null,
    propensity: candidate.propensity ?? 1,
    position,
  }
}

/** Nine digits say a single-precision number exactly; NaN = no such head. */
function toLoggedNumber(single: number): number | null {
  return Number.isNaN(single) ? null : Number(single.toPrecision(9))
}

/** One entry a filter and reason, in the order of the first. */
function groupRemoved(
  removed: readonly Removed<Readonly<PostCandidate>>[],
): readonly LoggedRemoval[] {
  const groups = new Map<string, LoggedRemoval & { readonly postIds: PostCandidate['id'][] }>()
  for (const { candidate, filter, detail } of removed) {
    const key = JSON.stringify([filter, detail])
    const group = groups.get(key) ?? { filter, detail, postIds: [] }
    group.postIds.push(candidate.id)
    groups.set(key, group)
  }
  return [...groups.values()]
}
