import { compareIdsDescending } from '../../ids.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'
import { comparableScoreOf, tierOf } from './compare-by-score.ts'

type Ordered = Pick<PostCandidate, 'id' | 'createdAtMs' | 'scoredBy'>

/**
 * Places of the candidates in the feed's total order: by score (`compareByScore`), then newest
 * first, then larger id first. What is compared lies in arrays of numbers: a sort of 1,500 posts
 * looks at each some twenty times.
 */
export function feedOrderOf<C extends Ordered>(
  candidates: readonly C[],
  scoreOf: (candidate: C) => number | undefined,
): number[] {
  const tiers = new Uint8Array(candidates.length)
  const scores = new Float64Array(candidates.length)
  const timesMs = new Float64Array(candidates.length)
  candidates.forEach((candidate, place) => {
    tiers[place] = tierOf(candidate.scoredBy)
    scores[place] = comparableScoreOf(scoreOf(candidate))
    timesMs[place] = candidate.createdAtMs
  })
  const idAt = (place: number) => candidates[place]?.id ?? ''
  return candidates
    .map((_candidate, place) => place)
    .sort(
      (a, b) =>
        (tiers[a] ?? 0) - (tiers[b] ?? 0) ||
        descending(scores[a] ?? 0, scores[b] ?? 0) ||
        descending(timesMs[a] ?? 0, timesMs[b] ?? 0) ||
        compareIdsDescending(idAt(a), idAt(b)),
    )
}

function descending(a: number, b: number): number {
  return a < b ? 1 : a > b ? -1 : 0
}
