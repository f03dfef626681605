import type { ViewerStore } from '../../store/viewer-store.ts'
import { queryHydrator } from '../home-feed.components.ts'

export interface SeenPostsOptions {
  readonly viewerStore: Pick<ViewerStore, 'seen'>
  readonly windowMs: number
  readonly timeoutMs: number
}

/**
 * Posts with a reported impression, those that the client could not report yet, and the filters of
 * what was seen longer ago. One statement.
 */
export function seenPostsQueryHydrator({ viewerStore, windowMs, timeoutMs }: SeenPostsOptions) {
  return queryHydrator({
    name: 'SeenPostsQueryHydrator',
    writes: ['seenPostIds', 'seenGenerations'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    params: { windowMs },
    async hydrate({ viewerId, alsoSeenPostIds }, { nowMs }) {
      const { postIds, generations } = await viewerStore.seen(viewerId, nowMs - windowMs)
      return {
        seenPostIds: new Set([...postIds, ...alsoSeenPostIds]),
        seenGenerations: generations,
      }
    },
  })
}
