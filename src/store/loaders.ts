import type { PostId, UserId } from '../ids.ts'
import type { Reader } from './batch-reader.ts'
import type {
  EngagementCounts,
  MediaRecord,
  ModerationRecord,
  PostRecord,
  UserRecord,
} from './records.ts'

/**
 * One set a request, shared by hydrators and field resolvers: what one of them fetched, no other
 * fetches again. `null` = looked for and absent (or deleted).
 */
export interface Loaders {
  readonly posts: Reader<PostId, PostRecord | null>
  readonly users: Reader<UserId, UserRecord | null>
  /** Key: lower-case handle. */
  readonly usersByHandle: Reader<string, UserRecord | null>
  readonly media: Reader<PostId, readonly MediaRecord[]>
  /** As they are now, for showing. */
  readonly engagementCounts: Reader<PostId, EngagementCounts>
  /** At most a minute old, for ranking. */
  readonly recentEngagementCounts: Reader<PostId, EngagementCounts>
  readonly postModeration: Reader<PostId, ModerationRecord>
  readonly userLabels: Reader<UserId, readonly string[]>
}
