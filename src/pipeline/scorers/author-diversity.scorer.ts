import type { UserId } from '../../ids.ts'
import { originalAuthorIdOf, type PostCandidate } from '../home-feed.candidate.ts'
import { scorer } from '../home-feed.components.ts'
import { feedOrderOf } from '../selectors/feed-order.ts'

export interface AuthorDiversityOptions {
  /** In (0, 1). */
  readonly decay: number
  /** In [0, 1]: the factor that no post goes below. */
  readonly floor: number
}

type Patch = Pick<PostCandidate, 'diversityFactor' | 'score'>

/**
 * Lowers an author's second and later posts, so that nobody fills the feed. score = s x
 * ((1 - floor) x decay^k + floor), s = the weighted score or what a cold start lifted it to, k =
 * how many posts of the same original author rank higher, and what of that author was served
 * lately. Runs over the whole pool. O(n log n). Source: spec/scoring.md 4, decisions.md "author
 * diversity".
 */
export function authorDiversityScorer({ decay, floor }: AuthorDiversityOptions) {
  return scorer({
    name: 'AuthorDiversityScorer',
    reads: ['core', 'weightedScore', 'coldStartScore', 'scoredBy'],
    writes: ['diversityFactor', 'score'],
    params: { decay, floor },
    async score({ servedByAuthor }, candidates) {
      const patches: Patch[] = Array.from({ length: candidates.length })
      const countByAuthor = new Map<UserId, number>(servedByAuthor)
      for (const place of feedOrderOf(candidates, scoreOf)) {
        const candidate = candidates[place]
        if (candidate === undefined) continue
        const authorId = originalAuthorIdOf(candidate)
        const k = countByAuthor.get(authorId) ?? 0
        countByAuthor.set(authorId, k + 1)
        const diversityFactor = (1 - floor) * decay ** k + floor
        const score = scoreOf(candidate)
        patches[place] = {
          diversityFactor,
          score: score === undefined ? undefined : score * diversityFactor,
        }
      }
      return patches
    },
  })
}

function scoreOf({
  weightedScore,
  coldStartScore,
}: Pick<PostCandidate, 'weightedScore' | 'coldStartScore'>): number | undefined {
  return coldStartScore ?? weightedScore
}
