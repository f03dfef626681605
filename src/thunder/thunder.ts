import type { PostId, UserId } from '../ids.ts'

/** A post as Thunder keeps it. */
export interface ThunderPost {
  readonly postId: PostId
  readonly authorId: UserId
  readonly createdAtMs: number
  readonly replyToPostId: PostId | null
  readonly repostOfPostId: PostId | null
  readonly repostOfUserId: UserId | null
  readonly conversationId: PostId | null
}

export interface RecentPostsRequest {
  readonly viewerId: UserId
  /** Order does not matter; duplicates are ignored; cut to the newest-loaded 10,000. */
  readonly authorIds: readonly UserId[]
  readonly excludedPostIds: ReadonlySet<PostId>
  readonly resultsMax: number
}

/** Recent posts of followed authors, in process. */
export interface Thunder {
  /** Newest first: created (seconds) descending, then id descending. At most `resultsMax`. */
  recentPosts(request: RecentPostsRequest): readonly ThunderPost[]
}
