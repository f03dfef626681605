import type { UserId } from '../../ids.ts'
import type { ServedAuthor, ViewerStore } from '../../store/viewer-store.ts'
import { queryHydrator } from '../home-feed.components.ts'

export interface ServedHistoryOptions {
  readonly viewerStore: Pick<ViewerStore, 'servedHistory'>
  /** Posts of the last minutes, in any session. */
  readonly posts: { readonly windowMs: number; readonly idsMax: number }
  readonly authors: {
    /** ms after which a served post counts half. */
    readonly halfLifeMs: number
    readonly windowMs: number
    readonly rowsMax: number
  }
  readonly timeoutMs: number
}

/**
 * What was returned to the viewer lately, and when the viewer came: posts by own and original ids;
 * how much there was of each author, so that one who filled the last page begins the next one
 * lower; the last visits, newest first. One statement. Source: spec/hydrators.md 4.
 */
export function servedHistoryQueryHydrator(options: ServedHistoryOptions) {
  const { viewerStore, posts, authors, timeoutMs } = options
  return queryHydrator({
    name: 'ServedHistoryQueryHydrator',
    writes: ['servedPostIds', 'servedByAuthor', 'pastRequestTimesMs'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    params: {
      postsWindowMs: posts.windowMs,
      idsMax: posts.idsMax,
      authorsWindowMs: authors.windowMs,
      halfLifeMs: authors.halfLifeMs,
      rowsMax: authors.rowsMax,
    },
    async hydrate({ viewerId }, { nowMs }) {
      const history = await viewerStore.servedHistory(viewerId, {
        postsSinceMs: nowMs - posts.windowMs,
        postIdsMax: posts.idsMax,
        authorsSinceMs: nowMs - authors.windowMs,
        authorRowsMax: authors.rowsMax,
      })
      return {
        servedPostIds: new Set(history.postIds),
        servedByAuthor: countByAuthor(history.authors, nowMs, authors.halfLifeMs),
        pastRequestTimesMs: history.requestTimesMs,
      }
    },
  })
}

/** One for a post of this moment, a half after the half-life. */
function countByAuthor(
  served: readonly ServedAuthor[],
  nowMs: number,
  halfLifeMs: number,
): ReadonlyMap<UserId, number> {
  const counts = new Map<UserId, number>()
  for (const { authorId, servedAtMs } of served) {
    const weight = 0.5 ** (Math.max(0, nowMs - servedAtMs) / halfLifeMs)
    counts.set(authorId, (counts.get(authorId) ?? 0) + weight)
  }
  return counts
}
