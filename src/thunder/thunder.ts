import type { PostId, UserId } from '../ids.ts'

/** A post as Thunder keeps it. */
export interface ThunderPost {
  readonly postId: PostId
  readonly authorId: UserId
  /** Whole seconds: that is how fine the store orders. */
  readonly createdAtMs: number
  /** A reply's ancestors are this one and, where it differs, `conversationId`. */
  readonly replyToPostId: PostId | null
  readonly repostOfPostId: PostId | null
  readonly repostOfUserId: UserId | null
  /** The post that the conversation began with. */
  readonly conversationId: PostId | null
}

export interface RecentPostsRequest {
  /** Reposts of this viewer's own posts are left out. */
  readonly viewerId: UserId
  /** Order does not matter; duplicates are ignored; cut to the first 10,000. */
  readonly authorIds: readonly UserId[]
  /**
   * Changes whenever the viewer's `authorIds` do. With it the store keeps the list as it reads it,
   * and asked with the same one again it does not look at `authorIds`. Default: nothing is kept.
   */
  readonly followsVersion?: string
  readonly excludedPostIds: ReadonlySet<PostId>
  /** At most 1,200 (videos: 600), which 0 stands for. */
  readonly resultsMax: number
  /** `videos`: only posts that show a video. Default `posts`: everything, by the reply rule. */
  readonly kind?: 'posts' | 'videos'
}

/** Recent posts of followed authors, in process. */
export interface Thunder {
  /** Newest first: created (seconds) descending, then id descending. At most `resultsMax`. */
  recentPosts(request: RecentPostsRequest): readonly ThunderPost[]
}
