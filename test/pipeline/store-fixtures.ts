import type { ViewerRelations } from '../../src/store/records.ts'
import { addToBloom, createBloomEntry } from '../../src/store/seen/bloom-filter.ts'
import { hashId128 } from '../../src/store/seen/murmur3.ts'
import type { SeenGeneration } from '../../src/store/seen/seen-generation.ts'
import { NOW_MS, user, userIds } from './home-feed-fixtures.ts'

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

/** A filter of these posts, written now. */
export function seenGeneration(...ids: readonly number[]): SeenGeneration {
  const entry = createBloomEntry({ sizeCap: 100, falsePositiveRate: 1e-6 })
  for (const id of ids) addToBloom(entry, hashId128(String(id)))
  return { ...entry, writtenAtMs: NOW_MS }
}
