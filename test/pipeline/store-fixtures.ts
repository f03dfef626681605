import type { ViewerRelations } from '../../src/store/records.ts'
import { user, userIds } from './home-feed-fixtures.ts'

export interface RelationIds {
  readonly blocked?: readonly number[]
  readonly blockedBy?: readonly number[]
  readonly muted?: readonly number[]
  readonly mutedReposts?: readonly number[]
  readonly subscribed?: readonly number[]
}

/** A viewer's lists of these ids. */
export function relations(ids: RelationIds = {}): ViewerRelations {
  return {
    blockedIds: userIds(...(ids.blocked ?? [])),
    blockedByIds: userIds(...(ids.blockedBy ?? [])),
    mutedIds: userIds(...(ids.muted ?? [])),
    mutedRepostIds: userIds(...(ids.mutedReposts ?? [])),
    mutedKeywords: [],
    followedTopicIds: [],
    subscribedIds: userIds(...(ids.subscribed ?? [])),
    account: user(1),
  }
}
