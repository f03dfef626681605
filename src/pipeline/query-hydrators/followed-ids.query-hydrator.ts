import type { ViewerStore } from '../../store/viewer-store.ts'
import { queryHydrator } from '../home-feed.components.ts'

export interface FollowedIdsOptions {
  readonly viewerStore: Pick<ViewerStore, 'followedIds'>
  readonly timeoutMs: number
}

/** Accounts that the viewer follows, newest follow first. */
export function followedIdsQueryHydrator({ viewerStore, timeoutMs }: FollowedIdsOptions) {
  return queryHydrator({
    name: 'FollowedIdsQueryHydrator',
    writes: ['followedIds'],
    failurePolicy: 'replace',
    replacement: 'last known good, else out-of-network only',
    degradation: 'OUT_OF_NETWORK_ONLY',
    dependency: 'database',
    timeoutMs,
    async hydrate({ viewerId }) {
      return { followedIds: new Set(await viewerStore.followedIds(viewerId)) }
    },
  })
}
