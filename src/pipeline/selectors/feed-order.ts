import { compareIdsDescending } from '../../ids.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'
import { comparableScoreOf, tierOf } from './compare-by-score.ts'
import { descendingPlaces } from './descending-places.ts'

type Ordered = Pick<PostCandidate, 'id' | 'createdAtMs' | 'scoredBy'>

/**
 * Places of the candidates in the feed's total order: by score (`compareByScore`), then newest
 * first, then larger id first. What is compared lies in arrays of numbers: a sort of 1,500 posts
 * looks at each some ten times.
 */
export function feedOrderOf<C extends Ordered>(
  candidates: readonly C[],
  scoreOf: (candidate: C) => number | undefined,
): number[] {
  const tiers = new Uint8Array(candidates.length)
  const scores = new Float64Array(candidates.length)
  const timesMs = new Float64Array(candidates.length)
  let tiersSeen = 0
  candidates.forEach((candidate, place) => {
    const tier = tierOf(candidate.scoredBy)
    tiers[place] = tier
    tiersSeen |= 1 << tier
    scores[place] = comparableScoreOf(scoreOf(candidate))
    timesMs[place] = candidate.createdAtMs
  })
  const idAt = (place: number) => candidates[place]?.id ?? ''
  const places = descendingPlaces(
    scores,
    (a, b) => (timesMs[b] ?? 0) - (timesMs[a] ?? 0) || compareIdsDescending(idAt(a), idAt(b)),
  )
  // One tier alone is usual: all posts were scored by the model.
  if ((tiersSeen & (tiersSeen - 1)) === 0) return places
  return places.sort((a, b) => (tiers[a] ?? 0) - (tiers[b] ?? 0))
}
