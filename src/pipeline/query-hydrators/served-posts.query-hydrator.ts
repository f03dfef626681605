import type { ViewerStore } from '../../store/viewer-store.ts'
import { queryHydrator } from '../home-feed.components.ts'

export interface ServedPostsOptions {
  readonly viewerStore: Pick<ViewerStore, 'servedPostIds'>
  readonly windowMs: number
  readonly idsMax: number
  readonly timeoutMs: number
}

/** Own and original ids of what was returned to the viewer in the last minutes, in any session. */
export function servedPostsQueryHydrator(options: ServedPostsOptions) {
  const { viewerStore, windowMs, idsMax, timeoutMs } = options
  return queryHydrator({
    name: 'ServedPostsQueryHydrator',
    writes: ['servedPostIds'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    params: { windowMs, idsMax },
    async hydrate({ viewerId }, { nowMs }) {
      const served = await viewerStore.servedPostIds(viewerId, nowMs - windowMs, idsMax)
      return { servedPostIds: new Set(served) }
    },
  })
}
