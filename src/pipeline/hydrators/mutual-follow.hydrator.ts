import type { ViewerStore } from '../../store/viewer-store.ts'
import { hydrator } from '../home-feed.components.ts'

export interface MutualFollowOptions {
  readonly viewerStore: Pick<ViewerStore, 'followersAmong'>
  readonly timeoutMs: number
}

/** Whether viewer and author follow each other. One statement. Source: spec/hydrators.md 7. */
export function mutualFollowHydrator({ viewerStore, timeoutMs }: MutualFollowOptions) {
  return hydrator({
    name: 'MutualFollowHydrator',
    writes: ['isMutualFollow'],
    failurePolicy: 'fail-open',
    degradation: 'ENRICHMENT_MISSING',
    dependency: 'database',
    timeoutMs,
    async hydrate({ viewerId, followedIds }, candidates) {
      const followed = new Set(
        candidates.map(({ authorId }) => authorId).filter((id) => followedIds?.has(id)),
      )
      const followers =
        followed.size === 0 ? followed : await viewerStore.followersAmong(viewerId, [...followed])
      return candidates.map(({ authorId }) => ({
        isMutualFollow: followed.has(authorId) && followers.has(authorId),
      }))
    },
  })
}
