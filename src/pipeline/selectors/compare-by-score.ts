import { compareIdsDescending } from '../../ids.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'

export type ScoredCandidate = Pick<PostCandidate, 'id' | 'createdAtMs' | 'score' | 'scoredBy'>

/**
 * Below 0 when `a` scores higher. What the model scored stands before what only the fallback
 * scored, whatever the numbers: the two scales do not compare, and an outage must not reward.
 * A score that is not a number counts as the lowest.
 */
export function compareByScore(
  a: Pick<PostCandidate, 'score' | 'scoredBy'>,
  b: Pick<PostCandidate, 'score' | 'scoredBy'>,
): number {
  return tierOf(a.scoredBy) - tierOf(b.scoredBy) || compareDescending(a.score, b.score)
}

/** The feed's total order: by score, then newest first, then larger id first. */
export function compareForFeed(a: ScoredCandidate, b: ScoredCandidate): number {
  return (
    compareByScore(a, b) ||
    compareDescending(a.createdAtMs, b.createdAtMs) ||
    compareIdsDescending(a.id, b.id)
  )
}

function tierOf(scoredBy: PostCandidate['scoredBy']): number {
  switch (scoredBy) {
    case 'phoenix':
      return 0
    case 'fallback':
      return 1
    case undefined:
      return 2
  }
}

function compareDescending(a: number | undefined, b: number | undefined): number {
  const [left, right] = [toComparable(a), toComparable(b)]
  return left < right ? 1 : left > right ? -1 : 0
}

function toComparable(score: number | undefined): number {
  return score === undefined || Number.isNaN(score) ? -Infinity : score
}
