import { DISCRETE_ACTION_COUNT } from '../../gen/actions.ts'
import type { RankAnswer, RankingClient } from '../../phoenix/ranking-client.ts'
import { judgedPostOf, type PostCandidate } from '../home-feed.candidate.ts'
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

type Heads = Pick<PostCandidate, 'probabilities' | 'dwellSeconds' | 'modelVersion'>
type Patch = Heads | Error

/**
 * What the ranking model expects the viewer to do with each post; for a repost, with its original.
 * Posts that come with heads of a minute ago keep them and only the others are asked for, unless
 * another model answers than the one that gave them. A row without a single number means that the
 * model did not score that post. When the ranker fails, heads of a minute ago stand in.
 */
export function phoenixScorer({ ranking, timeoutMs, reserveMs, now }: PhoenixScorerOptions) {
  return scorer({
    name: 'PhoenixScorer',
    reads: ['core', 'related', 'probabilities', 'dwellSeconds', 'modelVersion'],
    writes: ['probabilities', 'dwellSeconds', 'modelVersion'],
    failurePolicy: 'replace',
    replacement: 'stored heads, else fallback order',
    degradation: 'RULES_ONLY',
    dependency: 'phoenix-ranking',
    timeoutMs,
    params: { reserveMs },
    async score({ viewerId, actionSequence, deadlineMs }, candidates, context) {
      // One for all: an error takes a stack trace, which costs more than everything else here.
      const unanswered = new Error('the ranker did not answer')
      const patches = candidates.map((candidate) => toStoredPatch(candidate) ?? unanswered)
      const stored = candidates.filter(hasHeads)
      const unknown = candidates.filter((candidate) => !hasHeads(candidate))
      const limitMs = Math.min(context.deadlineMs, deadlineMs - reserveMs)

      /** Fills the patches of those with heads, or of those without; answers which model did. */
      const ask = async (asked: readonly (typeof candidates)[number][]): Promise<string> => {
        const isStored = asked === stored
        const ranked = ranking.rank(
          {
            requestId: context.requestId,
            viewerId,
            actions: actionSequence ?? [],
            candidates: asked.map(judgedPostOf),
            nowMs: context.nowMs,
          },
          { signal: context.signal, deadlineMs: limitMs },
        )
        const answer = await withinMs(ranked, limitMs - now())
        const answered = toPatches(answer, asked.length)
        let next = 0
        candidates.forEach((candidate, place) => {
          if (hasHeads(candidate) !== isStored) return
          const patch = answered[next++]
          if (patch !== undefined) patches[place] = patch
        })
        return answer.modelVersion
      }

      if (unknown.length === 0) return patches
      try {
        const modelVersion = await ask(unknown)
        if (stored.some((candidate) => candidate.modelVersion !== modelVersion)) await ask(stored)
      } catch (error) {
        if (stored.length === 0) throw error
        context.degrade('CACHED_SCORES', 'phoenix-ranking')
      }
      return patches
    },
  })
}

function hasHeads({ probabilities }: Heads): boolean {
  return probabilities !== undefined
}

function toStoredPatch({ probabilities, dwellSeconds, modelVersion }: Heads): Heads | null {
  return probabilities === undefined ? null : { probabilities, dwellSeconds, modelVersion }
}

/** One a post; all rows stay in the answer's matrix. */
function toPatches(answer: RankAnswer, count: number): readonly Patch[] {
  const { probabilities, dwellSeconds, modelVersion } = answer
  if (probabilities.length !== count * DISCRETE_ACTION_COUNT) {
    throw new Error(`${probabilities.length} probabilities for ${count} posts`)
  }
  return Array.from({ length: count }, (_, index) => {
    const start = index * DISCRETE_ACTION_COUNT
    const row = probabilities.subarray(start, start + DISCRETE_ACTION_COUNT)
    if (isEmpty(row)) return new Error('the model did not score this post')
    const seconds = dwellSeconds[index]
    return {
      probabilities: row,
      dwellSeconds: seconds === undefined || Number.isNaN(seconds) ? null : seconds,
      modelVersion,
    }
  })
}

/** A loop: `every` with a callback took most of this row's time. */
function isEmpty(row: Float32Array): boolean {
  for (let index = 0; index < row.length; index++) {
    if (!Number.isNaN(row[index])) return false
  }
  return true
}
