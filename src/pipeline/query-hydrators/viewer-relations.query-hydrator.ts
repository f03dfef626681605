import type { ViewerStore } from '../../store/viewer-store.ts'
import { queryHydrator } from '../home-feed.components.ts'

export interface ViewerRelationsOptions {
  readonly viewerStore: Pick<ViewerStore, 'relations'>
  readonly timeoutMs: number
}

/**
 * Blocks in both directions, mutes, muted reposts, muted keywords, subscriptions and the account,
 * read together so that they agree. Without them the safety filters withhold everything. Followed
 * topics come along, since here they cost no statement.
 */
export function viewerRelationsQueryHydrator({ viewerStore, timeoutMs }: ViewerRelationsOptions) {
  return queryHydrator({
    name: 'ViewerRelationsQueryHydrator',
    writes: [
      'blockedIds',
      'blockedByIds',
      'mutedIds',
      'mutedRepostIds',
      'mutedKeywords',
      'subscribedIds',
      'followedTopicIds',
      'viewerAccount',
    ],
    failurePolicy: 'fail-closed',
    degradation: 'SAFETY_WITHHELD',
    dependency: 'database',
    timeoutMs,
    async hydrate({ viewerId }, { nowMs }) {
      const relations = await viewerStore.relations(viewerId, nowMs)
      return {
        blockedIds: relations.blockedIds,
        blockedByIds: relations.blockedByIds,
        mutedIds: relations.mutedIds,
        mutedRepostIds: relations.mutedRepostIds,
        mutedKeywords: relations.mutedKeywords,
        subscribedIds: relations.subscribedIds,
        followedTopicIds: relations.followedTopicIds,
        viewerAccount: relations.account,
      }
    },
  })
}
