import type DataLoader from 'dataloader'
import type { PostId, TopicId, UserId } from '../ids.ts'
import type { AuthorServedDay } from './author-served.ts'
import type {
  EngagementCounts,
  MediaRecord,
  ModerationRecord,
  PostRecord,
  TopicRecord,
  UserRecord,
} from './records.ts'

/**
 * One set a request, shared by hydrators and field resolvers: what one of them fetched, no other
 * fetches again. `null` = looked for and absent (or deleted).
 */
export interface Loaders {
  readonly posts: DataLoader<PostId, PostRecord | null>
  readonly users: DataLoader<UserId, UserRecord | null>
  /** Key: lower-case handle. */
  readonly usersByHandle: DataLoader<string, UserRecord | null>
  readonly media: DataLoader<PostId, readonly MediaRecord[]>
  readonly engagementCounts: DataLoader<PostId, EngagementCounts>
  readonly postModeration: DataLoader<PostId, ModerationRecord>
  readonly userLabels: DataLoader<UserId, readonly string[]>
  /** What posts are about, ascending; a repost has none of its own. */
  readonly postTopics: DataLoader<PostId, readonly TopicId[]>
  readonly topics: DataLoader<TopicId, TopicRecord | null>
  /** Days on which posts of the author were served, newest first, as far as they are written. */
  readonly authorServed: DataLoader<UserId, readonly AuthorServedDay[]>
}
