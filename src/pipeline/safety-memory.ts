import type { PostId, UserId } from '../ids.ts'
import type { ModerationRecord } from '../store/records.ts'
import { LAST_KNOWN_GOOD_PARAMS } from './process.params.ts'
import type { HomeFeedQuery } from './home-feed.query.ts'
import { LastKnownGood } from './last-known-good.ts'

/** What viewer relations fill of a query. */
export type RelationFields = Pick<
  HomeFeedQuery,
  | 'blockedIds'
  | 'blockedByIds'
  | 'mutedIds'
  | 'mutedRepostIds'
  | 'mutedKeywords'
  | 'subscribedIds'
  | 'followedTopicIds'
  | 'viewerAccount'
>

/**
 * Last known good safety data of one process, shared by all its pipelines: what stands in while
 * the database does not answer.
 */
export interface SafetyMemory {
  readonly follows: LastKnownGood<UserId, Pick<HomeFeedQuery, 'followedIds'>>
  readonly relations: LastKnownGood<UserId, RelationFields>
  readonly postModeration: LastKnownGood<PostId, ModerationRecord>
  readonly userLabels: LastKnownGood<UserId, readonly string[]>
}

/** An empty memory within the limits of `LAST_KNOWN_GOOD_PARAMS`. */
export function createSafetyMemory({ now }: { now(): number }): SafetyMemory {
  const { ageMsMax, viewersMax, labelsMax } = LAST_KNOWN_GOOD_PARAMS
  const ofViewers = { ageMsMax, entriesMax: viewersMax, now }
  const ofLabels = { ageMsMax, entriesMax: labelsMax, now }
  return {
    follows: new LastKnownGood(ofViewers),
    relations: new LastKnownGood(ofViewers),
    postModeration: new LastKnownGood(ofLabels),
    userLabels: new LastKnownGood(ofLabels),
  }
}
