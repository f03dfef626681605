import type { UserId } from '../../ids.ts'
import { ACTIONS } from '../../gen/actions.ts'
import type { ActionSequence } from '../../phoenix/action-sequence.ts'
import { originalAuthorIdOf } from '../home-feed.candidate.ts'
import { scorer } from '../home-feed.components.ts'

export interface FallbackScorerOptions {
  readonly halfLifeMs: number
  readonly affinityWindowMs: number
}

/**
 * Scores what the model did not: 0.5^(age / halfLife) x (1 + ln(1 + actions)) x
 * (1 + ln(1 + likes + 2 replies + 2 reposts)). actions: what the viewer did with the original
 * author's posts within the window, refusals (block, report ...) not counted. Unknown counts are 0.
 * These scores rank below every score of the model (`compareByScore`).
 */
export function fallbackScorer({ halfLifeMs, affinityWindowMs }: FallbackScorerOptions) {
  return scorer({
    name: 'FallbackScorer',
    reads: ['core', 'engagementCounts', 'weightedScore', 'scoredBy'],
    writes: ['weightedScore', 'scoredBy', 'score'],
    params: { halfLifeMs, affinityWindowMs },
    async score({ actionSequence }, candidates, { nowMs }) {
      const actions = countActions(actionSequence ?? [], nowMs - affinityWindowMs)
      return candidates.map((candidate) => {
        const { weightedScore, scoredBy, engagementCounts: counts } = candidate
        if (scoredBy === 'phoenix') return { weightedScore, scoredBy, score: weightedScore }
        const ageMs = Math.max(0, nowMs - candidate.createdAtMs)
        const recency = 0.5 ** (ageMs / halfLifeMs)
        const affinity = 1 + Math.log1p(actions.get(originalAuthorIdOf(candidate)) ?? 0)
        const engagements =
          (counts?.likes ?? 0) + 2 * (counts?.replies ?? 0) + 2 * (counts?.reposts ?? 0)
        const score = recency * affinity * (1 + Math.log1p(engagements))
        return { weightedScore: score, scoredBy: 'fallback', score }
      })
    },
  })
}

function countActions(sequence: ActionSequence, sinceMs: number): ReadonlyMap<UserId, number> {
  const counts = new Map<UserId, number>()
  for (const { authorId, actionIndexes, actedAtMs } of sequence) {
    if (actedAtMs < sinceMs) continue
    const actions = actionIndexes.filter((index) => ACTIONS[index]?.sign === 'positive').length
    counts.set(authorId, (counts.get(authorId) ?? 0) + actions)
  }
  return counts
}
