import type { PostId, UserId } from '../ids.ts'
import type { ActionSequence } from '../phoenix/action-sequence.ts'
import type { ViewerRelations } from './records.ts'

export interface ServedRecord {
  readonly viewerId: UserId
  readonly requestId: string
  readonly servedAtMs: number
  /** In page order, with each one's original where it is a repost. */
  readonly posts: readonly { readonly postId: PostId; readonly originalPostId: PostId }[]
}

export interface ServedAuthor {
  /** Of the original, for a repost. */
  readonly authorId: UserId
  readonly servedAtMs: number
}

/** What the database knows about one viewer. Each read is one statement; errors reject. */
export interface ViewerStore {
  /** Newest `actionsMax`, bursts of 5 minutes on one post merged, oldest first. */
  actionSequence(viewerId: UserId, actionsMax: number): Promise<ActionSequence>
  /** Accounts the viewer follows, newest follow first. */
  followedIds(viewerId: UserId): Promise<readonly UserId[]>
  /** Of `userIds`, those who follow the viewer. */
  followersAmong(viewerId: UserId, userIds: readonly UserId[]): Promise<ReadonlySet<UserId>>
  relations(viewerId: UserId, nowMs: number): Promise<ViewerRelations>
  /** Posts with an impression since `sinceMs`, newest first, at most 10,000. */
  seenPostIds(viewerId: UserId, sinceMs: number): Promise<readonly PostId[]>
  /** Own and original ids of posts served since `sinceMs`, newest first, at most `idsMax`. */
  servedPostIds(viewerId: UserId, sinceMs: number, idsMax: number): Promise<readonly PostId[]>
  /** Whose posts were served since `sinceMs`, newest first, at most `rowsMax`: one entry a post. */
  servedAuthors(
    viewerId: UserId,
    sinceMs: number,
    rowsMax: number,
  ): Promise<readonly ServedAuthor[]>
  recordServed(record: ServedRecord): Promise<void>
}
