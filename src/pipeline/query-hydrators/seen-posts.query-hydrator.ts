import type { ViewerStore } from '../../store/viewer-store.ts'
import { queryHydrator } from '../home-feed.components.ts'

export interface SeenPostsOptions {
  readonly viewerStore: Pick<ViewerStore, 'seenPostIds'>
  readonly windowMs: number
  readonly timeoutMs: number
}

/** Posts with a reported impression, and those that the client could not report yet. */
export function seenPostsQueryHydrator({ viewerStore, windowMs, timeoutMs }: SeenPostsOptions) {
  return queryHydrator({
    name: 'SeenPostsQueryHydrator',
    writes: ['seenPostIds'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    params: { windowMs },
    async hydrate({ viewerId, alsoSeenPostIds }, { nowMs }) {
      const seen = await viewerStore.seenPostIds(viewerId, nowMs - windowMs)
      return { seenPostIds: new Set([...seen, ...alsoSeenPostIds]) }
    },
  })
}
