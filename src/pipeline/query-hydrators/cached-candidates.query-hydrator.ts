import type { CandidateCache } from '../cached-pool/candidate-cache.ts'
import { poolKeyOf, viewerStateOf } from '../cached-pool/pool-key.ts'
import { queryHydrator } from '../home-feed.components.ts'

export interface CachedCandidatesOptions {
  readonly cache: CandidateCache
  readonly enabled: boolean
  /** A smaller pool does not count. */
  readonly postsMin: number
  /** Of the parameters that the pipeline is built of. */
  readonly timeoutMs: number
}

/**
 * What the viewer's ranking of the last minutes chose from, unless the viewer has done anything
 * since: acted on a post, followed, blocked, muted. It then stands for Phoenix retrieval. A request
 * that lengthens a slate wants other posts, not these. Source: spec/hydrators.md 4, decisions.md.
 */
export function cachedCandidatesQueryHydrator(options: CachedCandidatesOptions) {
  const { cache, enabled, postsMin, timeoutMs } = options
  return queryHydrator({
    name: 'CachedCandidatesQueryHydrator',
    reads: [
      'actionSequence',
      'followedIds',
      'blockedIds',
      'mutedIds',
      'mutedRepostIds',
      'mutedKeywords',
      'subscribedIds',
      'followedTopicIds',
    ],
    writes: ['cachedPool'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'candidate-cache',
    timeoutMs,
    params: { postsMin },
    enable: ({ sessionServedPostIds }) => enabled && sessionServedPostIds.size === 0,
    async hydrate(query) {
      const pool = await cache.get(poolKeyOf(query))
      const counts = pool !== undefined && pool.posts.length >= postsMin
      return { cachedPool: counts && pool.viewerState === viewerStateOf(query) ? pool : null }
    },
  })
}
