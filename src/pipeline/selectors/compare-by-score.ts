import type { PostCandidate } from '../home-feed.candidate.ts'

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

/** What the model scored, then what only the fallback scored, then the rest. */
export function tierOf(scoredBy: PostCandidate['scoredBy']): number {
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
  const left = comparableScoreOf(a)
  const right = comparableScoreOf(b)
  return left < right ? 1 : left > right ? -1 : 0
}

/** A score that is not a number counts as the lowest. */
export function comparableScoreOf(score: number | undefined): number {
  return score === undefined || Number.isNaN(score) ? -Infinity : score
}
