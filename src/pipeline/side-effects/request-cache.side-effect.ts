import { sideEffect } from '../home-feed.components.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'
import type { CachedPost, RequestCache } from '../request-cache.ts'

export interface RequestCacheSideEffectOptions {
  readonly cache: RequestCache
  readonly weightsVersion: string
}

/** Remembers what was ranked and why, so that it can be explained and ranked anew later. */
export function requestCacheSideEffect({ cache, weightsVersion }: RequestCacheSideEffectOptions) {
  return sideEffect({
    name: 'RequestCacheSideEffect',
    async run({ query, selected, nonSelected }, { nowMs }) {
      cache.put({
        requestId: query.requestId,
        viewerId: query.viewerId,
        rankedAtMs: nowMs,
        modelVersion: selected.find((each) => each.modelVersion)?.modelVersion ?? null,
        weightsVersion,
        arms: query.arms,
        settingsDigest: query.settingsDigest,
        slate: selected.map(toCachedPost),
        outrankedCount: nonSelected.length,
      })
    },
  })
}

function toCachedPost(candidate: Readonly<PostCandidate>): CachedPost {
  return {
    postId: candidate.id,
    sources: candidate.sources,
    score: candidate.score ?? null,
    weightedScore: candidate.weightedScore ?? null,
    scoredBy: candidate.scoredBy ?? null,
    dwellSeconds: candidate.dwellSeconds ?? null,
    // A copy: the row is a window on the matrix of the whole pool, which must not live on with it.
    probabilities: candidate.probabilities?.slice() ?? null,
  }
}
