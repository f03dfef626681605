import type { PostId, UserId } from '../../../src/ids.ts'
import type { AuthorLists } from '../../../src/pipeline/visibility/author-lists.ts'
import type {
  MediaRecord,
  ModerationRecord,
  MutedKeywordRecord,
  PostRecord,
  UserRecord,
} from '../../../src/store/records.ts'

type Graph = ReadonlyMap<UserId, ReadonlySet<UserId>>

/** A whole small network. Never changed in place: a later state is another value. */
export interface SafetyWorld {
  readonly users: ReadonlyMap<UserId, UserRecord>
  /** As viewers; the same records unless a last known good one stands in. */
  readonly accounts: ReadonlyMap<UserId, UserRecord>
  /** Every post that ever was, with what Thunder and retrieval may still know of. */
  readonly everyPost: readonly PostRecord[]
  /** Those that exist. */
  readonly posts: ReadonlyMap<PostId, PostRecord>
  readonly media: ReadonlyMap<PostId, readonly MediaRecord[]>
  readonly moderation: ReadonlyMap<PostId, ModerationRecord>
  readonly userLabels: ReadonlyMap<UserId, readonly string[]>
  readonly follows: Graph
  readonly blocks: Graph
  readonly mutes: Graph
  readonly mutedReposts: Graph
  readonly subscriptions: Graph
  readonly keywords: ReadonlyMap<UserId, readonly MutedKeywordRecord[]>
  /** Of the requests of each, lower case. */
  readonly countries: ReadonlyMap<UserId, string | null>
  readonly lists: AuthorLists
}
