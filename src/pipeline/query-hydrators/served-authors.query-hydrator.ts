import type { UserId } from '../../ids.ts'
import type { ViewerStore } from '../../store/viewer-store.ts'
import { queryHydrator } from '../home-feed.components.ts'

export interface ServedAuthorsOptions {
  readonly viewerStore: Pick<ViewerStore, 'servedAuthors'>
  /** ms after which a served post counts half. */
  readonly halfLifeMs: number
  readonly windowMs: number
  readonly rowsMax: number
  readonly timeoutMs: number
}

/**
 * How much the viewer had of each author lately: one for a post of this moment, a half after the
 * half-life. An author who filled the last page then begins the next one lower.
 */
export function servedAuthorsQueryHydrator(options: ServedAuthorsOptions) {
  const { viewerStore, halfLifeMs, windowMs, rowsMax, timeoutMs } = options
  return queryHydrator({
    name: 'ServedAuthorsQueryHydrator',
    writes: ['servedByAuthor'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    params: { halfLifeMs, windowMs, rowsMax },
    async hydrate({ viewerId }, { nowMs }) {
      const served = await viewerStore.servedAuthors(viewerId, nowMs - windowMs, rowsMax)
      const servedByAuthor = new Map<UserId, number>()
      for (const { authorId, servedAtMs } of served) {
        const weight = 0.5 ** (Math.max(0, nowMs - servedAtMs) / halfLifeMs)
        servedByAuthor.set(authorId, (servedByAuthor.get(authorId) ?? 0) + weight)
      }
      return { servedByAuthor }
    },
  })
}
