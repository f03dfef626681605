import { DISCRETE_ACTION_COUNT } from '../../gen/actions.ts'
import type { RankingClient } from '../../phoenix/ranking-client.ts'
import { judgedPostOf } from '../home-feed.candidate.ts'
import { scorer } from '../home-feed.components.ts'
import { withinMs } from '../within-ms.ts'

export interface PhoenixScorerOptions {
  readonly ranking: RankingClient
  readonly timeoutMs: number
  /** ms of the request that the ranker must leave to visibility. */
  readonly reserveMs: number
  /** The request's clock, epoch ms. */
  now(): number
}

/**
 * What the ranking model expects the viewer to do with each post; for a repost, with its original.
 * All rows stay in one matrix. A row without a single number means that the model did not score
 * that post.
 */
export function phoenixScorer({ ranking, timeoutMs, reserveMs, now }: PhoenixScorerOptions) {
  return scorer({
    name: 'PhoenixScorer',
    reads: ['core', 'related'],
    writes: ['probabilities', 'dwellSeconds', 'modelVersion'],
    failurePolicy: 'replace',
    replacement: 'fallback order',
    degradation: 'RULES_ONLY',
    dependency: 'phoenix-ranking',
    timeoutMs,
    params: { reserveMs },
    async score({ viewerId, actionSequence, deadlineMs }, candidates, context) {
      if (candidates.length === 0) return []
      const limitMs = Math.min(context.deadlineMs, deadlineMs - reserveMs)
      const ranked = ranking.rank(
        {
          requestId: context.requestId,
          viewerId,
          actions: actionSequence ?? [],
          candidates: candidates.map(judgedPostOf),
          nowMs: context.nowMs,
        },
        { signal: context.signal, deadlineMs: limitMs },
      )
      const answer = await withinMs(ranked, limitMs - now())
      const { probabilities, dwellSeconds, modelVersion } = answer
      if (probabilities.length !== candidates.length * DISCRETE_ACTION_COUNT) {
        throw new Error(`${probabilities.length} probabilities for ${candidates.length} posts`)
      }
      return candidates.map((_candidate, index) => {
        const start = index * DISCRETE_ACTION_COUNT
        const row = probabilities.subarray(start, start + DISCRETE_ACTION_COUNT)
        if (row.every(Number.isNaN)) return new Error('the model did not score this post')
        const seconds = dwellSeconds[index]
        return {
          probabilities: row,
          dwellSeconds: seconds === undefined || Number.isNaN(seconds) ? null : seconds,
          modelVersion,
        }
      })
    },
  })
}
