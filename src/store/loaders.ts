import type { PostId, TopicId, UserId } from '../ids.ts'
import type {
  EngagementCounts,
  MediaRecord,
  ModerationRecord,
  PostRecord,
  TopicRecord,
  UserRecord,
} from './records.ts'

/** What the feed uses of a DataLoader. */
export interface Reader<K, V> {
  load(key: K): Promise<V>
  /** One entry a key, same order; an `Error` where its batch failed. Never rejects. */
  loadMany(keys: ArrayLike<K>): Promise<(V | Error)[]>
}

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
  readonly engagementCounts: Reader<PostId, EngagementCounts>
  readonly postModeration: Reader<PostId, ModerationRecord>
  readonly userLabels: Reader<UserId, readonly string[]>
  /** What posts are about, ascending; a repost has none of its own. */
  readonly postTopics: Reader<PostId, readonly TopicId[]>
  readonly topics: Reader<TopicId, TopicRecord | null>
}
