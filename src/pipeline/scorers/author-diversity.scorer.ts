import type { UserId } from '../../ids.ts'
import { originalAuthorIdOf } from '../home-feed.candidate.ts'
import { scorer } from '../home-feed.components.ts'
import { compareForFeed } from '../selectors/compare-by-score.ts'

export interface AuthorDiversityOptions {
  /** In (0, 1). */
  readonly decay: number
  /** In [0, 1]: the factor that no post goes below. */
  readonly floor: number
}

/**
 * Lowers an author's second and later posts, so that nobody fills the feed.
 * score = weightedScore x ((1 - floor) x decay^k + floor), k = how many posts of the same original
 * author rank higher, and what of that author was served lately. Runs over the whole pool.
 * O(n log n). Source: spec/scoring.md 4, decisions.md "author diversity".
 */
export function authorDiversityScorer({ decay, floor }: AuthorDiversityOptions) {
  return scorer({
    name: 'AuthorDiversityScorer',
    reads: ['core', 'weightedScore', 'scoredBy'],
    writes: ['diversityFactor', 'score'],
    params: { decay, floor },
    async score({ servedByAuthor }, candidates) {
      const patches = candidates.map(({ weightedScore }) => ({
        diversityFactor: 1,
        score: weightedScore,
      }))
      const ranked = candidates
        .map((candidate, index) => ({
          id: candidate.id,
          createdAtMs: candidate.createdAtMs,
          score: candidate.weightedScore,
          scoredBy: candidate.scoredBy,
          authorId: originalAuthorIdOf(candidate),
          index,
        }))
        .toSorted(compareForFeed)
      const countByAuthor = new Map<UserId, number>(servedByAuthor)
      for (const { authorId, index, score } of ranked) {
        const k = countByAuthor.get(authorId) ?? 0
        countByAuthor.set(authorId, k + 1)
        const diversityFactor = (1 - floor) * decay ** k + floor
        patches[index] = {
          diversityFactor,
          score: score === undefined ? undefined : score * diversityFactor,
        }
      }
      return patches
    },
  })
}
