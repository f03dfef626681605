import { DISCRETE_ACTION_COUNT } from '../../gen/actions.ts'
import type { CandidateCache, PooledPost } from '../cached-pool/candidate-cache.ts'
import { poolKeyOf, viewerStateOf } from '../cached-pool/pool-key.ts'
import type { PostCandidate } from '../home-feed.candidate.ts'
import { sideEffect } from '../home-feed.components.ts'

export interface PostCandidateCacheOptions {
  readonly cache: CandidateCache
  readonly enabled: boolean
  readonly postsMax: number
  readonly ttlMs: number
}

/**
 * Keeps what was ranked for the viewer's next refresh: of selected and not selected posts those
 * that the model gave a score above 0, best first, before diversity. A ranking that itself stood on
 * a pool renews nothing, and neither does one without retrieval where retrieval was wanted: its
 * gap would last as long as the pool. Source: spec/blending.md 6.
 */
export function postCandidateCacheSideEffect(options: PostCandidateCacheOptions) {
  const { cache, enabled, postsMax, ttlMs } = options
  return sideEffect({
    name: 'PostCandidateCacheSideEffect',
    params: { postsMax, ttlMs },
    enable: ({ cachedPool, sessionServedPostIds }) =>
      enabled && cachedPool == null && sessionServedPostIds.size === 0,
    async run({ query, selected, nonSelected }) {
      const viewerState = viewerStateOf(query)
      const best = [...selected, ...nonSelected]
        .filter(isScored)
        .toSorted((a, b) => b.weightedScore - a.weightedScore)
        .slice(0, postsMax)
      const modelVersion = best[0]?.modelVersion
      if (viewerState === null || modelVersion === undefined) return
      if (!query.filter.inNetworkOnly && !best.some(isRetrieved)) return
      const pool = { posts: toPooledPosts(best), modelVersion, viewerState }
      await cache.put(poolKeyOf(query), pool, ttlMs)
    },
  })
}

type Scored = Readonly<PostCandidate> & {
  readonly probabilities: Float32Array
  readonly weightedScore: number
}

function isScored(candidate: Readonly<PostCandidate>): candidate is Scored {
  const { scoredBy, probabilities, weightedScore = 0 } = candidate
  return scoredBy === 'phoenix' && probabilities !== undefined && weightedScore > 0
}

function isRetrieved({ sources }: Pick<PostCandidate, 'sources'>): boolean {
  return sources.some((name) => name.startsWith('phoenix-'))
}

/** Rows go to a matrix of their own: the ranker's, of all candidates, must not live on. */
function toPooledPosts(candidates: readonly Scored[]): readonly PooledPost[] {
  const matrix = new Float32Array(candidates.length * DISCRETE_ACTION_COUNT)
  return candidates.map((candidate, index) => {
    const { id, authorId, createdAtMs, sources, ancestorIds, similarity } = candidate
    const start = index * DISCRETE_ACTION_COUNT
    matrix.set(candidate.probabilities, start)
    return {
      id,
      authorId,
      createdAtMs,
      sources,
      ancestorIds,
      similarity,
      probabilities: matrix.subarray(start, start + DISCRETE_ACTION_COUNT),
      dwellSeconds: candidate.dwellSeconds ?? null,
    }
  })
}
